// SPDX-License-Identifier: Apache-2.0
// The smallest model of each concept in docs/concepts.
// `scripts/check_docs.py --write` copies the parts to the pages.
#include <cmath>

#include <ATen/ops/embedding.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/embedded/few_shot_task.hpp>
#include <mao/embedded/siglip.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/fingerprint.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/tuner/predict.hpp>
#include <mao/tuner/recipes.hpp>

#include <support/catch.hpp>

namespace {

// [backbone]
/// One learned number: the temperature of the frozen model's class features.
template <mao::VisionLanguageModel ModelT>
struct Temperature {
  std::shared_ptr<const ModelT> model;
  mao::ClassList bound{};
  mao::Tensor text{};  // [C, D], unit rows of the bound classes
  mao::OwnTensor factor = mao::parameter(at::ones({1}));

  void bind(const mao::ClassList& classes) {  // rebuilds what depends on the classes; `factor` stays
    text = mao::frozen_class_features(*model, classes, {"a photo of a {}."});
    bound = classes;
  }
  const mao::ClassList& classes() const { return bound; }
  mao::Output forward(const mao::ImageBatch& images, const mao::Candidates& candidates) {
    auto output = mao::compare(mao::frozen_image_features(*model, images), mao::class_rows(text, candidates),
                               model->logit_scale(), candidates);
    output.scale = output.scale * factor;
    output.logits = output.logits * factor;
    return output;
  }
  mao::Tensor auxiliary_loss(const mao::Output&, const mao::Batch&) { return {}; }
  mao::ParameterList parameters() { return {{"factor", factor}}; }
};
static_assert(mao::Backbone<Temperature<mao::testing::ToyModel>>);
// [end]

// [pseudo_labeler]
struct AlwaysFirst {
  mao::PseudoLabels label(const mao::ImageBatch& images) {
    return {.labels = std::vector<std::int64_t>(static_cast<std::size_t>(images.size()), 0), .confidence = {}};
  }
};
static_assert(mao::PseudoLabeler<AlwaysFirst>);
// [end]

// [regularizer]
/// Hinge loss over all classes: the correct logit should exceed each other logit by 1.
struct Hinge {
  mao::Candidates candidates(const mao::Batch&, const mao::ClassList& classes) const {
    return mao::Candidates::all(classes.size());
  }
  mao::Tensor operator()(const mao::Output& output, const mao::Batch& batch) const {
    const auto columns = at::tensor(mao::columns_of(batch.labels, output.candidates)).unsqueeze(1);
    const auto right = output.logits.gather(1, columns.to(output.logits.device()));
    const auto each = (output.logits - right + 1.0).clamp_min(0).mean(1);  // [B]
    return mao::weighted_mean(each, batch.weights);                        // an image with weight 0 does not count
  }
};
static_assert(mao::Regularizer<Hinge>);
// [end]

// [sampler]
struct OneByOne {
  std::vector<std::int64_t> labels;
  std::vector<mao::Batch> epoch(mao::Rng&) const {
    std::vector<mao::Batch> batches;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      batches.push_back({.images = {static_cast<std::int64_t>(i)}, .labels = {labels[i]}, .weights = {}});
    }
    return batches;
  }
};
static_assert(mao::Sampler<OneByOne>);
// [end]

// [schedule]
struct Halving {
  int epochs() const { return 5; }
  double learning_rate(int epoch) const { return 0.01 / (1 << epoch); }
};
static_assert(mao::Schedule<Halving>);
// [end]

// [text_similarity]
// Names of equal length are alike.
struct ByLength {
  Eigen::MatrixXf operator()(const std::vector<std::string>& queries,
                             const std::vector<std::string>& candidates) const {
    Eigen::MatrixXf result(queries.size(), candidates.size());
    for (std::size_t q = 0; q < queries.size(); ++q) {
      for (std::size_t c = 0; c < candidates.size(); ++c) result(q, c) = queries[q].size() == candidates[c].size();
    }
    return result;
  }
};
static_assert(mao::TextSimilarity<ByLength>);
// [end]

// [vision_language_model]
struct BagOfWords {
  mao::Tensor table;  // [V, W]
  mao::Tensor image;  // [3 * R * R, W]

  std::vector<std::int64_t> tokenize(const std::string& text) const {
    std::vector<std::int64_t> ids;
    for (const unsigned char letter : text) ids.push_back(letter + 2);
    return ids;
  }
  std::int64_t start_token() const { return 0; }
  std::int64_t end_token() const { return 1; }
  std::int64_t context_length() const { return 32; }
  mao::Tensor embed(const mao::Tensor& ids) const { return at::embedding(table, ids); }
  mao::Tensor encode_text(const mao::TextBatch& batch) const {
    std::vector<mao::Tensor> rows;
    for (std::int64_t r = 0; r < batch.rows(); ++r) {
      const auto own = batch.suffix.narrow(0, batch.offsets[r], batch.suffix_length(r));
      rows.push_back(batch.prefix[batch.group[r]].sum(0) + own.sum(0));
    }
    return at::stack(rows);
  }
  mao::Tensor encode_image(const mao::Tensor& pixels) const { return at::matmul(pixels.flatten(1), image); }
  double logit_scale() const { return 10.0; }
  mao::Preprocess preprocess() const { return {}; }
  std::string fingerprint() const { return mao::fingerprint_of({{"table", table}, {"image", image}}); }
};
static_assert(mao::VisionLanguageModel<BagOfWords>);
// [end]

}  // namespace

TEST_CASE("the examples of the pages honour weights and follow a binding", "[docs]") {
  mao::Output output;
  output.logits = at::tensor({3.0F, 0.0F, 0.0F, 5.0F}).view({2, 2});
  output.candidates = mao::Candidates::all(2);
  const mao::Batch one{.images = {0}, .labels = {0}, .weights = {}},
      wrong{.images = {0, 1}, .labels = {0, 0}, .weights = {1, 0}};
  mao::Output first = output;
  first.logits = output.logits.narrow(0, 0, 1);
  CHECK(Hinge{}(output, wrong).item<double>() == Approx(Hinge{}(first, one).item<double>()));
  const mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels);
  Temperature<mao::testing::ToyModel> backbone{mao::testing::ToyModel::make()};
  mao::plain(backbone, mao::testing::toy_classes(6), data.labels, {.batch = 16, .schedule = {.epochs = 2}}).fit(images);
  const mao::ClassList others{{"elk", "newt"}};
  mao::ZeroShot<mao::testing::ToyModel> expected(backbone.model, others);
  const auto scale = backbone.factor.item<double>();
  CHECK(mao::predict_logits(backbone, others, images).allclose(mao::predict_logits(expected, others, images) * scale));
}

TEST_CASE("a method runs over the embedded SigLIP", "[docs]") {
  // [embedded_siglip]
  const auto model = mao::embedded::siglip();
  mao::embedded::FewShotTask images(*model, "sketch", /*seed=*/1, {.shots = 4, .test_images = 1});
  const mao::TaskHalf base = images.task_view().base;
  mao::Coop coop(model, base.classes);
  mao::plain(coop, base.classes, base.train_labels, {.schedule = {.epochs = 1}}).fit(*base.train);
  // [end]
  CHECK(coop.classes().size() == 20);
}

TEST_CASE("the smallest models of the concepts work", "[docs]") {
  // [toy_model]
  const auto model = mao::testing::ToyModel::make();
  mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels);
  mao::Coop coop(model, mao::testing::toy_classes(6));
  mao::plain(coop, coop.classes(), data.labels, {.batch = 16, .schedule = {.epochs = 2}}).fit(images);
  // [end]
  mao::PromptTuner tuner(coop, OneByOne{{0, 0, 0}}, Hinge{}, Halving{});
  tuner.fit(images);
  CHECK(tuner.state().epochs_done == Halving{}.epochs());
  CHECK(ByLength{}({"cat"}, {"dog", "horse"})(0, 0) == 1);
  CHECK(AlwaysFirst{}.label({.pixels = data.pixels, .features = {}}).labels.size() == data.labels.size());
}
