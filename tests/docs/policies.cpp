// SPDX-License-Identifier: Apache-2.0
// The policies of docs/guides/write-a-policy.md.
// `scripts/check_docs.py --write` copies the parts to the pages.
#include <cmath>
#include <numbers>
#include <numeric>

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/embedded/archetypes.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/evaluation/base_to_new.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/tuner/recipes.hpp>

#include <support/catch.hpp>

namespace {

// [curriculum]
/// Only easy images in the first half of the epochs, all images in the second.
struct EasyFirst {
  std::vector<std::int64_t> labels;
  mao::ClassList list;
  std::vector<std::int64_t> easy;  // positions in the image source
  std::size_t batch = 8;

  std::vector<mao::Batch> epoch(mao::Rng& rng, const mao::EpochInfo& info) const {
    std::vector<std::int64_t> chosen = easy;
    if (2 * info.epoch >= info.horizon) {
      chosen.resize(labels.size());
      std::iota(chosen.begin(), chosen.end(), 0);
    }
    rng.shuffle(chosen);
    std::vector<mao::Batch> batches;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (i % batch == 0) batches.emplace_back();
      batches.back().images.push_back(chosen[i]);
      batches.back().labels.push_back(labels[static_cast<std::size_t>(chosen[i])]);
    }
    return batches;
  }
  const mao::ClassList& classes() const { return list; }      // compared with the backbone's
  std::int64_t images() const { return std::ssize(labels); }  // compared with the source's
};
static_assert(mao::FollowsEpochs<EasyFirst> && mao::StatesClasses<EasyFirst> && mao::CountsImages<EasyFirst>);
// [end]

// [keeps_state]
/// Each epoch has `images_an_epoch` images and starts where the last one ended; checkpoints save `next`.
struct InTurn {
  std::vector<std::int64_t> labels;
  int images_an_epoch = 8;
  std::size_t next = 0;

  std::vector<mao::Batch> epoch(mao::Rng&) {
    mao::Batch batch;
    for (int i = 0; i < images_an_epoch; ++i, next = (next + 1) % labels.size()) {
      batch.images.push_back(static_cast<std::int64_t>(next));
      batch.labels.push_back(labels[next]);
    }
    return {batch};
  }
  std::string state() const { return std::to_string(next); }
  void set_state(const std::string& text) { next = std::stoull(text); }
};
static_assert(mao::Sampler<InTurn> && mao::KeepsState<InTurn>);
// [end]

// [linear_schedule]
/// Decreases linearly from `top` to 0.
struct LinearSchedule {
  int count = 10;
  double top = 0.0035;

  int epochs() const { return count; }
  double learning_rate(int epoch) const { return top * (count - epoch) / count; }
};
static_assert(mao::Schedule<LinearSchedule>);
// [end]

// [restarts]
/// A cosine that restarts every `period` epochs (SGDR) and changes the rate at each step.
struct Restarts {
  int count = 12, period = 4;
  double top = 0.0035;

  int epochs() const { return count; }
  double learning_rate(int epoch) const { return learning_rate(mao::StepTime{.epoch = epoch}); }
  double learning_rate(const mao::StepTime& time) const {
    const double part = std::fmod(time.epochs(), period) / period;
    return top * (1 + std::cos(std::numbers::pi * part)) / 2;
  }
};
static_assert(mao::FollowsSteps<Restarts>);
// [end]

// [label_smoothing]
/// Cross entropy with smoothed labels: `share` is distributed evenly over all candidates.
struct LabelSmoothing {
  double share = 0.1;

  mao::Candidates candidates(const mao::Batch&, const mao::ClassList& classes) const {
    return mao::Candidates::all(classes.size());
  }
  mao::Tensor operator()(const mao::Output& output, const mao::Batch& batch) const {
    const auto hard =
        mao::weighted_cross_entropy(output.logits, mao::columns_of(batch.labels, output.candidates), batch.weights);
    const auto even = mao::weighted_mean(output.logits.log_softmax(1).mean(1).neg(), batch.weights);
    return hard * (1 - share) + even * share;
  }
};
static_assert(mao::Regularizer<LabelSmoothing>);
// [end]

// [optimizer]
/// Lion (Chen et al., arXiv 2302.06675): the sign of a mean of gradients.
struct Lion {
  double beta1 = 0.9, beta2 = 0.99;

  void step(const mao::Update& update) const {
    mao::Tensor& mean = update.kept["mean"];  // saved in checkpoints
    if (!mean.defined()) mean = at::zeros_like(update.value);
    const mao::Tensor direction = mean.mul(beta1).add(update.gradient, 1 - beta1).sign();
    update.value.mul_(1 - update.rate * update.decay).sub_(direction, update.rate);
    mean = mean.mul(beta2).add(update.gradient, 1 - beta2);
  }
};
static_assert(mao::UpdateRule<Lion>);
// [end]

// [only_sure]
/// The labels of `inner`, except those with a confidence below `least`.
template <mao::PseudoLabeler Inner>
struct OnlySure {
  Inner inner;
  float least = 0.5F;

  mao::PseudoLabels label(const mao::ImageBatch& images) {
    mao::PseudoLabels answer = inner.label(images);
    for (float& confidence : answer.confidence) confidence = confidence < least ? 0.0F : confidence;
    return answer;
  }
  // The classes of the labels; the tuner compares them with those of the backbone.
  decltype(auto) classes() const requires mao::StatesClasses<Inner> { return inner.classes(); }
};
static_assert(mao::PseudoLabeler<OnlySure<mao::archetype::PseudoLabeler>>);
// [end]

// [class_prior]
/// Labels with the class frequencies in `prior`: the model's probabilities are divided by how often it has predicted
/// each class so far.
template <class BackboneT>
struct PriorCorrected {
  mao::ClassProbabilities<BackboneT> model;
  std::vector<float> prior{};  // of each class, sums to 1
  std::vector<float> seen = std::vector<float>(prior.size(), 1);

  mao::PseudoLabels label(const mao::ImageBatch& images) {
    const mao::Tensor given = model(images);  // [B, C]
    auto weights = at::tensor(prior) / at::tensor(seen);
    const mao::Tensor sums = given.sum(0).contiguous();
    for (std::size_t c = 0; c < seen.size(); ++c) seen[c] += sums[static_cast<std::int64_t>(c)].item<float>();
    const auto corrected = given * weights;
    return mao::most_likely(corrected / corrected.sum(1, true));
  }
  const mao::ClassList& classes() const { return model.classes(); }
  mao::TensorMap state() const { return {{"seen", at::tensor(seen)}}; }  // saved in checkpoints
  void set_state(const mao::TensorMap& state) {
    for (std::size_t c = 0; c < seen.size(); ++c)
      seen[c] = state.at("seen")[static_cast<std::int64_t>(c)].item<float>();
  }
};
// [end]

}  // namespace

TEST_CASE("a schedule and a labeller of one's own train MAO's new stage", "[docs]") {
  const auto clip = mao::testing::ToyModel::make();
  const mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels);
  mao::Coop coop(clip, mao::testing::toy_classes(3));
  const mao::BaseToNewTask task{{}, {mao::testing::toy_classes(6), &images, {}, nullptr, {}}};
  // [new_step]
  coop.bind(task.fresh.classes);  // before the tuner is made: it is for the bound classes
  mao::ZeroShotLabeler frozen(clip, task.fresh.classes);
  mao::PseudoLabelSampler sampler(task.fresh.train->size(), OnlySure<decltype(frozen)>{frozen}, {.batch = 16});
  mao::PromptTuner tuner(coop, sampler, mao::AlterableRegularizer({.task = mao::AlterableRegularizer::Task::New}),
                         LinearSchedule{.count = 2});
  tuner.fit(*task.fresh.train);
  // [end]
  CHECK(tuner.state().epochs_done == 2);
}

TEST_CASE("the optimizer, schedule, loss and labeller of the guide train", "[docs]") {
  const auto clip = mao::testing::ToyModel::make();
  const mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels);
  mao::Coop coop(clip, mao::testing::toy_classes(6)), other(clip, mao::testing::toy_classes(6));
  const std::vector<std::int64_t> labels = data.labels;
  // [own_optimizer]
  auto tuner =
      mao::plain(coop, coop.classes(), labels,
                 {.batch = 16, .tuner = {.own_optimizer = Lion{}, .groups = {{.prefix = "prompt", .rate = 2}}}});
  // [end]
  CHECK(tuner.epoch(images).steps == 3);
  CHECK(tuner.state().optimizer.size() == 1);
  mao::PromptTuner smooth(coop, mao::ShuffledSampler(labels, coop.classes(), {.batch = 16}), LabelSmoothing{},
                          Restarts{.count = 4, .period = 2});
  CHECK(smooth.fit(images).epochs[2].learning_rate == Approx(0.0035));
  PriorCorrected<mao::ZeroShot<mao::testing::ToyModel>> labeler{
      .model = mao::ClassProbabilities(mao::ZeroShot(clip, other.classes())), .prior = std::vector<float>(6, 1.0F / 6)};
  static_assert(mao::PseudoLabeler<decltype(labeler)> && mao::KeepsState<decltype(labeler)>);
  auto fresh = mao::mao_new(other, images.size(), labeler, {.sampler = {.batch = 16}, .schedule = {.epochs = 2}});
  CHECK(fresh.fit(images) == mao::FitResult::Finished);
}

TEST_CASE("a curriculum and a sampler with a state train, a resumed one as if it had not stopped", "[docs]") {
  const auto clip = mao::testing::ToyModel::make();
  const mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels), fewer(data.pixels.narrow(0, 0, 16));
  const auto made = [&](auto& coop, auto sampler) {
    return mao::PromptTuner(coop, sampler, mao::CrossEntropy{}, mao::CosineSchedule({.epochs = 4}));
  };
  mao::Coop coop(clip, mao::testing::toy_classes(6));
  std::vector<int> steps;
  mao::Observer observer;
  observer.on_epoch = [&](const mao::EpochReport& report) { steps.push_back(report.steps); };
  auto curriculum = made(coop, EasyFirst{data.labels, coop.classes(), {0, 8, 16, 24, 32, 40}, 6});
  CHECK_THROWS_WITH(curriculum.fit(fewer), ContainsSubstring("the sampler is for 48 images, the source has 16"));
  curriculum.fit(images, observer);
  CHECK(steps == std::vector<int>{1, 1, 8, 8});
  mao::Coop whole(clip, mao::testing::toy_classes(6)), first(clip, mao::testing::toy_classes(6));
  made(whole, InTurn{data.labels}).fit(images);
  mao::Observer stops;
  int asked = 0;
  stops.should_stop = [&] { return ++asked > 2; };
  auto stopped = made(first, InTurn{data.labels});
  CHECK(stopped.fit(images, stops) == mao::FitResult::Stopped);
  mao::Coop second(clip, mao::testing::toy_classes(6));
  auto resumed = made(second, InTurn{data.labels});
  resumed.resume(stopped.state());
  resumed.fit(images);
  CHECK(second.parameters()[0].value.equal(whole.parameters()[0].value));
}
