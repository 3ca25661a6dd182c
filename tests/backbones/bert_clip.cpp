// SPDX-License-Identifier: Apache-2.0
// Methods over a model whose text tower is a BERT: BiomedCLIP's towers.
#include <ATen/ops/isfinite.h>

#include <mao/backbones/cocoop.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/kgcoop.hpp>
#include <mao/backbones/maple.hpp>
#include <mao/backbones/proda.hpp>
#include <mao/backbones/prograd.hpp>
#include <mao/backbones/vpt.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/any_model.hpp>
#include <mao/models/bert_clip.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/tuner/predict.hpp>
#include <mao/tuner/recipes.hpp>

#include "methods/any_backbone.hpp"

#include <support/bert_weights.hpp>
#include <support/catch.hpp>

using namespace mao;

namespace {

using BertModel = std::shared_ptr<const AnyModel>;
const ClassList bert_base{{"owl", "low bowl", "new towel"}, {}}, bert_fresh{{"wolf", "eel"}, {}};

BertModel small_bert_clip() {
  const mao_test::TemporaryFolder folder;
  mao_test::write_biomed_clip(folder);
  return std::make_shared<const AnyModel>(BertClip::load(folder.path()));
}

AnyBackbone made_over_bert(const std::string& name, const BertModel& model) {
  if (name == "coop") return AnyBackbone(Coop<AnyModel>(model, bert_base));
  if (name == "coop, class-specific in the middle") {
    return AnyBackbone(Coop<AnyModel>(
        model, bert_base, {.init = "", .context = 2, .class_specific = true, .position = ClassPosition::Middle}));
  }
  if (name == "kgcoop") return AnyBackbone(KgCoop<AnyModel>(model, bert_base));
  if (name == "prograd") return AnyBackbone(ProGrad<AnyModel>(model, bert_base));
  if (name == "proda")
    return AnyBackbone(ProDa<AnyModel>(model, bert_base, {.prompts = 4, .context = 2, .step_prompts = 2}));
  return AnyBackbone(CoCoop<AnyModel>(model, bert_base));
}

std::vector<Tensor> bert_values(AnyBackbone& backbone) {
  std::vector<Tensor> values;
  for (const Parameter& parameter : backbone.parameters()) values.push_back(parameter.value.detach().clone());
  return values;
}

/// Every parameter is another one than before, and finite.
void expect_bert_learned(AnyBackbone& backbone, const std::vector<Tensor>& before) {
  const auto after = bert_values(backbone);
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    CHECK(!after[i].equal(before[i]));
    CHECK(at::isfinite(after[i]).all().item<bool>());
  }
}

/// Names are as alike as their numbers are close.
Eigen::MatrixXf bert_similarity(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  Eigen::MatrixXf result(std::ssize(a), std::ssize(b));
  for (Eigen::Index i = 0; i < result.rows(); ++i) {
    for (Eigen::Index j = 0; j < result.cols(); ++j) result(i, j) = 1.0F / static_cast<float>(1 + std::abs(i - j));
  }
  return result;
}

}  // namespace

TEST_CASE("methods that tune the text context learn over a BERT, plain and with MAO", "[bert_clip]") {
  const BertModel model = small_bert_clip();
  const Tensor pixels = normal_tensor({6, 3, 16, 16}, 1.0, Rng(3)["pixels"]);
  const std::vector<std::int64_t> labels{0, 1, 2, 0, 1, 2};
  for (const std::string name :
       {"coop", "coop, class-specific in the middle", "kgcoop", "prograd", "proda", "cocoop"}) {
    CAPTURE(name);
    TensorImages images(pixels);
    AnyBackbone backbone = made_over_bert(name, model);
    auto start = bert_values(backbone);
    const Tensor before = predict_logits(backbone, bert_base, images, 3);
    auto step = plain(backbone, bert_base, labels, {.batch = 3, .schedule = {.epochs = 3, .learning_rate = 0.05}});
    step.fit(images);
    expect_bert_learned(backbone, start);
    CHECK(!predict_logits(backbone, bert_base, images, 3).equal(before));
    start = bert_values(backbone);
    auto negatives =
        mao_base(backbone, bert_base, labels, &bert_similarity,
                 {.sampler = {.batch = 2, .k = 2, .minimum = 1}, .schedule = {.epochs = 2, .learning_rate = 0.05}});
    negatives.fit(images);
    expect_bert_learned(backbone, start);
    if (name.starts_with("coop, class")) continue;  // belongs to its classes
    start = bert_values(backbone);
    auto labelled = mao_new(backbone, bert_fresh, 6, ZeroShotLabeler<AnyModel>(model, bert_fresh),
                            {.sampler = {.batch = 3}, .schedule = {.epochs = 2, .learning_rate = 0.05}});
    labelled.fit(images);
    expect_bert_learned(backbone, start);
  }
}

TEST_CASE("methods that prompt the image tower or deeper layers refuse a BERT in one sentence", "[bert_clip]") {
  const BertModel model = small_bert_clip();
  CHECK_FALSE(model->takes_prompts());
  CHECK_THROWS_WITH(Vpt<AnyModel>(model, bert_base), ContainsSubstring("this model's towers take no prompts"));
  CHECK_THROWS_WITH(Maple<AnyModel>(model, bert_base), ContainsSubstring("tune the text context alone: coop, kgcoop"));
}
