// SPDX-License-Identifier: Apache-2.0
// The smallest model of each concept in docs/concepts, and the policies of docs/guides/write-a-policy.md.
// `scripts/check_docs.py
// --write` copies the parts to the pages.
#include <iostream>

#include <ATen/ops/embedding.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <mao/backbones/compare.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/labelers.hpp>
#include <mao/clip/fingerprint.hpp>
#include <mao/clip/image_sources.hpp>
#include <mao/evaluation/base_to_new.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/testing/archetypes.hpp>
#include <mao/testing/toy_model.hpp>
#include <mao/tuner/recipes.hpp>

#include <support/catch.hpp>

namespace {

// [backbone]
/// One learned number: the temperature of fixed class features.
struct Temperature {
  mao::ClassList bound;
  mao::Tensor text;  // [C, D], unit rows
  mao::OwnTensor factor = mao::parameter(at::ones({1}));

  void bind(const mao::ClassList& classes) { bound = classes; }
  const mao::ClassList& classes() const { return bound; }
  mao::Output forward(const mao::ImageBatch& images, const mao::Candidates& candidates) {
    auto output = mao::compare(mao::unit_rows(images.features), text.index_select(0, at::tensor(candidates.ids)), 20.0,
                               candidates);
    output.logits = output.logits * factor;
    return output;
  }
  mao::Tensor auxiliary_loss(const mao::Output&, const mao::Batch&) { return {}; }
  mao::ParameterList parameters() { return {{"factor", factor}}; }
};
static_assert(mao::Backbone<Temperature>);
// [end]

// [pseudo_labeler]
struct AlwaysFirst {
  mao::PseudoLabels label(const mao::ImageBatch& images) {
    return {.labels = std::vector<std::int64_t>(static_cast<std::size_t>(images.pixels.size(0)), 0), .confidence = {}};
  }
};
static_assert(mao::PseudoLabeler<AlwaysFirst>);
// [end]

// [regularizer]
/// Hinge loss over all classes: the right logit leads each other one by 1.
struct Hinge {
  mao::Candidates candidates(const mao::Batch&, const mao::ClassList& classes) const {
    return mao::Candidates::all(classes.size());
  }
  mao::Tensor operator()(const mao::Output& output, const mao::Batch& batch) const {
    const auto columns = at::tensor(mao::columns_of(batch.labels, output.candidates)).unsqueeze(1);
    return (output.logits - output.logits.gather(1, columns) + 1.0).clamp_min(0).mean();
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
    return {static_cast<std::int64_t>(text.size() % 8) + 2};
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

// [linear_schedule]
/// Straight down from `top` to nothing.
struct LinearSchedule {
  int count = 10;
  double top = 0.0035;

  int epochs() const { return count; }
  double learning_rate(int epoch) const { return top * (count - epoch) / count; }
};
static_assert(mao::Schedule<LinearSchedule>);
// [end]

// [only_sure]
/// The answers of `inner`, without those below `least`.
template <mao::PseudoLabeler Inner>
struct OnlySure {
  Inner inner;
  float least = 0.5F;

  mao::PseudoLabels label(const mao::ImageBatch& images) {
    mao::PseudoLabels answer = inner.label(images);
    for (float& confidence : answer.confidence) confidence = confidence < least ? 0.0F : confidence;
    return answer;
  }
  // Whose labels these are: the tuner compares them with what the backbone is bound to.
  decltype(auto) classes() const requires mao::StatesClasses<Inner> { return inner.classes(); }
};
static_assert(mao::PseudoLabeler<OnlySure<mao::archetype::PseudoLabeler>>);
// [end]

}  // namespace

TEST_CASE("a schedule and a labeller of one's own train MAO's new step", "[docs]") {
  const auto clip = mao::testing::ToyModel::make();
  const mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels);
  mao::Coop coop(clip, mao::testing::toy_classes(3));
  const mao::BaseToNewTask task{{}, {mao::testing::toy_classes(6), &images, {}, nullptr, {}}};
  // [new_step]
  coop.bind(task.fresh.classes);
  mao::ZeroShotLabeler frozen(clip, task.fresh.classes);
  mao::PseudoLabelSampler sampler(task.fresh.train->size(), OnlySure<decltype(frozen)>{frozen}, {.batch = 16});
  mao::PromptTuner tuner(coop, sampler, mao::AlterableRegularizer({.task = mao::AlterableRegularizer::Task::New}),
                         LinearSchedule{.count = 2});
  tuner.fit(*task.fresh.train);
  // [end]
  CHECK(tuner.state().epochs_done == 2);
}

TEST_CASE("the smallest models of the concepts work", "[docs]") {
  // [toy_model]
  const auto model = mao::testing::ToyModel::make();
  mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels);
  mao::Coop coop(model, mao::testing::toy_classes(6));
  mao::plain(coop, data.labels, {.batch = 16, .schedule = {.epochs = 2}}).fit(images);
  // [end]
  mao::PromptTuner tuner(coop, OneByOne{{0, 0, 0}}, Hinge{}, Halving{});
  tuner.fit(images);
  CHECK(tuner.state().epochs_done == Halving{}.epochs());
  CHECK(ByLength{}({"cat"}, {"dog", "horse"})(0, 0) == 1);
  CHECK(AlwaysFirst{}.label({.pixels = data.pixels, .features = {}}).labels.size() == data.labels.size());
}
