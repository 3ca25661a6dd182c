// SPDX-License-Identifier: Apache-2.0
// Methods over a model whose rows of text have no start token and are padded: SigLIP's towers.
#include <ATen/ops/isfinite.h>

#include <mao/backbones/cocoop.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/ivlp.hpp>
#include <mao/backbones/kgcoop.hpp>
#include <mao/backbones/maple.hpp>
#include <mao/backbones/prograd.hpp>
#include <mao/backbones/promptsrc.hpp>
#include <mao/backbones/vpt.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/any_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/models/siglip.hpp>
#include <mao/tuner/predict.hpp>
#include <mao/tuner/recipes.hpp>

#include "methods/any_backbone.hpp"

#include <support/catch.hpp>
#include <support/siglip_weights.hpp>

using namespace mao;

namespace {

using Model = std::shared_ptr<const AnyModel>;
const ClassList base{{"owl", "low bowl", "new towel"}, {}}, fresh{{"wolf", "eel"}, {}};

Model small_model() {
  const mao_test::TemporaryFolder folder;
  mao_test::write_siglip(folder);
  return std::make_shared<const AnyModel>(Siglip::load(folder.path()));
}

AnyBackbone made(const std::string& name, const Model& model) {
  if (name == "coop") return AnyBackbone(Coop<AnyModel>(model, base));
  if (name == "coop, class-specific in the middle") {
    return AnyBackbone(Coop<AnyModel>(
        model, base, {.init = "", .context = 2, .class_specific = true, .position = ClassPosition::Middle}));
  }
  if (name == "kgcoop") return AnyBackbone(KgCoop<AnyModel>(model, base));
  if (name == "prograd") return AnyBackbone(ProGrad<AnyModel>(model, base));
  if (name == "cocoop") return AnyBackbone(CoCoop<AnyModel>(model, base));
  if (name == "maple") return AnyBackbone(Maple<AnyModel>(model, base, {.depth = 2}));
  if (name == "vpt") return AnyBackbone(Vpt<AnyModel>(model, base, {.context = 2, .depth = 2}));
  if (name == "ivlp") return AnyBackbone(Ivlp<AnyModel>(model, base, {.text_depth = 2, .vision_depth = 2}));
  PromptSrcOptions options;
  options.text_depth = options.vision_depth = 2;
  options.templates = {"a {}.", "the {}."};
  return AnyBackbone(PromptSrc<AnyModel>(model, base, options));
}

std::vector<Tensor> values_of(AnyBackbone& backbone) {
  std::vector<Tensor> values;
  for (const Parameter& parameter : backbone.parameters()) values.push_back(parameter.value.detach().clone());
  return values;
}

/// Every parameter is another one than before, and finite.
void expect_learned(AnyBackbone& backbone, const std::vector<Tensor>& before) {
  const auto after = values_of(backbone);
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    CHECK(!after[i].equal(before[i]));
    CHECK(at::isfinite(after[i]).all().item<bool>());
  }
}

/// Names are as alike as their numbers are close.
Eigen::MatrixXf similarity(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  Eigen::MatrixXf result(std::ssize(a), std::ssize(b));
  for (Eigen::Index i = 0; i < result.rows(); ++i) {
    for (Eigen::Index j = 0; j < result.cols(); ++j) result(i, j) = 1.0F / static_cast<float>(1 + std::abs(i - j));
  }
  return result;
}

}  // namespace

TEST_CASE("methods learn over SigLIP, plain and with MAO", "[siglip]") {
  const Model model = small_model();
  const Tensor pixels = normal_tensor({6, 3, 18, 18}, 1.0, Rng(3)["pixels"]);
  const std::vector<std::int64_t> labels{0, 1, 2, 0, 1, 2};
  for (const std::string name : {"coop", "coop, class-specific in the middle", "kgcoop", "prograd", "cocoop", "maple",
                                 "vpt", "ivlp", "promptsrc"}) {
    CAPTURE(name);
    TensorImages images(pixels);
    AnyBackbone backbone = made(name, model);
    auto start = values_of(backbone);
    const Tensor before = predict_logits(backbone, base, images, 3);
    auto step = plain(backbone, base, labels, {.batch = 3, .schedule = {.epochs = 3, .learning_rate = 0.05}});
    step.fit(images);
    expect_learned(backbone, start);
    CHECK(!predict_logits(backbone, base, images, 3).equal(before));
    start = values_of(backbone);
    auto negatives =
        mao_base(backbone, base, labels, &similarity,
                 {.sampler = {.batch = 2, .k = 2, .minimum = 1}, .schedule = {.epochs = 2, .learning_rate = 0.05}});
    negatives.fit(images);
    expect_learned(backbone, start);
    if (name.starts_with("coop, class")) continue;  // belongs to its classes
    start = values_of(backbone);
    auto labelled = mao_new(backbone, fresh, 6, ZeroShotLabeler<AnyModel>(model, fresh),
                            {.sampler = {.batch = 3}, .schedule = {.epochs = 2, .learning_rate = 0.05}});
    labelled.fit(images);
    expect_learned(backbone, start);
  }
}
