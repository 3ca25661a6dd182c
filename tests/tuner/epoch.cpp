// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/detail/epoch.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/promptsrc.hpp>
#include <mao/backbones/upt.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/sampling/shuffled.hpp>
#include <mao/schedules/cosine.hpp>
#include <mao/tuner/prompt_tuner.hpp>

#include <support/catch.hpp>
#include <support/tensor_maps.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;
using mao_test::check_equal;

namespace {

template <class B>
struct RunOf {
  std::shared_ptr<const ToyModel> model = ToyModel::make(11);
  ToyImages data{6, 8, 1};
  TensorImages images{data.pixels};
  B backbone;

  explicit RunOf(const typename B::Options& options = {}) : backbone(model, toy_classes(6), options) {}

  auto tuner(const TunerOptions& options = {.seed = 3}, int batch = 16, int epochs = 3) {
    return PromptTuner(backbone, ShuffledSampler(data.labels, toy_classes(6), {.batch = batch}), CrossEntropy{},
                       CosineSchedule({.epochs = epochs, .learning_rate = 0.02, .warmup_epochs = 0}), options);
  }
  [[nodiscard]] TensorMap learned() {
    TensorMap all;
    for (const Parameter& parameter : backbone.parameters()) all[parameter.name] = parameter.value.detach().clone();
    return all;
  }
};

/// By `fit`, epoch by epoch, and step by step.
template <class B>
void check_three_ways(const typename B::Options& options) {
  RunOf<B> fitted(options), by_epochs(options), by_steps(options);
  const FitResult result = fitted.tuner().fit(fitted.images);

  auto second = by_epochs.tuner();
  std::vector<EpochReport> reports;
  for (int epoch = 0; epoch < 3; ++epoch) reports.push_back(second.epoch(by_epochs.images));
  second.finish();
  check_equal(by_epochs.learned(), fitted.learned());

  auto third = by_steps.tuner();
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (const Batch& batch : third.begin_epoch(by_steps.images)) third.step(batch);
    third.end_epoch();
  }
  third.finish();
  check_equal(by_steps.learned(), fitted.learned());

  REQUIRE(result.epochs.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(result.epochs[i].epoch == static_cast<int>(i));
    CHECK(result.epochs[i].loss == reports[i].loss);
    CHECK(result.epochs[i].accuracy == reports[i].accuracy);
    CHECK(result.epochs[i].steps == 3);
  }
}

}  // namespace

TEST_CASE("epochs and steps by hand end bit for bit as fit does", "[epoch]") {
  check_three_ways<PromptSrc<ToyModel>>({.text_depth = 2, .vision_depth = 2, .aggregation = {.mean = 2}});
  check_three_ways<Upt<ToyModel>>({.dropout = 0.3});
}

TEST_CASE("an epoch that was left begins again, one that was not ended is refused", "[epoch]") {
  RunOf<Upt<ToyModel>> whole({.dropout = 0.3}), left({.dropout = 0.3});
  whole.tuner().fit(whole.images);
  auto tuner = left.tuner();
  CHECK_THROWS_WITH(tuner.step({}), ContainsSubstring("`step` before `begin_epoch`"));
  tuner.step(tuner.begin_epoch(left.images).front());
  CHECK_THROWS_WITH(tuner.end_epoch(), ContainsSubstring("`end_epoch` after 1 of 3 steps of epoch 1"));
  for (const Batch& batch : tuner.begin_epoch(left.images)) tuner.step(batch);
  CHECK_THROWS_WITH(tuner.begin_epoch(left.images), ContainsSubstring("call `end_epoch` before the next one begins"));
  CHECK_THROWS_WITH(tuner.step({}), ContainsSubstring("all 3 steps of the epoch are done"));
  CHECK(tuner.end_epoch().steps == 3);
  CHECK_THROWS_WITH(tuner.finish(), ContainsSubstring("`finish` after 1 of 3 epochs"));
  tuner.step(tuner.begin_epoch(left.images).front());  // and left again: fit trains what is missing
  CHECK(tuner.fit(left.images) == FitResult::Finished);
  CHECK_THROWS_WITH(tuner.finish(), ContainsSubstring("finished already"));
  check_equal(left.learned(), whole.learned());
}

TEST_CASE("a step takes changed weights and labels, but no other images", "[epoch]") {
  RunOf<Upt<ToyModel>> run;
  auto tuner = run.tuner();
  std::vector<Batch> batches = tuner.begin_epoch(run.images);
  Batch other = batches[0];
  other.images[0] = other.images[1];
  CHECK_THROWS_WITH(tuner.step(other), ContainsSubstring("other images than the sampler drew"));
  other = batches[0];
  other.labels[0] = 6;
  CHECK_THROWS_WITH(tuner.step(other), ContainsSubstring("6"));
  batches[0].weights.assign(16, 0);
  CHECK(tuner.step(batches[0]).skipped);
  const StepReport report = tuner.step(batches[1]);
  CHECK(report.step == 1);
  CHECK(report.updated);
}

TEST_CASE("gradients of three batches of 16 are those of one of 48", "[epoch]") {
  using Context = Coop<ToyModel>;
  RunOf<Context> large, gathered, wrong;
  large.tuner({.seed = 3}, 48).fit(large.images);
  auto tuner = gathered.tuner({.seed = 3, .accumulate = 3});
  int updates = 0, steps = 0;
  Observer counting;
  counting.on_step = [&](const StepReport& report) { ++steps, updates += static_cast<int>(report.updated); };
  tuner.fit(gathered.images, counting);
  CHECK(steps == 9);
  CHECK(updates == 3);
  const std::string name = "prompt_learner.ctx";
  CHECK(largest_difference(gathered.learned().at(name), large.learned().at(name)) < 1e-6);
  wrong.tuner().fit(wrong.images);
  CHECK(largest_difference(wrong.learned().at(name), large.learned().at(name)) > 1e-4);
}

TEST_CASE("what is left at the end of an epoch makes an update of its own", "[epoch]") {
  using Context = Coop<ToyModel>;
  RunOf<Context> two, three;
  auto tuner = two.tuner({.seed = 3, .accumulate = 2});
  int gradients = 0;
  struct Counting {
    int& count;
    void on_gradients(const ParameterList&, const StepReport&) { ++count; }
  } counting{gradients};
  tuner.fit(two.images, counting);
  CHECK(gradients == 6);  // of two batches, and of the third
  RunOf<Context> refused;
  CHECK_THROWS_WITH(refused.tuner({.accumulate = 0}), ContainsSubstring("accumulate = 0"));
  CHECK_THROWS_WITH(refused.tuner({.clip_norm = -1}), ContainsSubstring("clip_norm = -1"));
}

TEST_CASE("a clipped gradient is as long as it may be", "[epoch]") {
  using Context = Coop<ToyModel>;
  RunOf<Context> free, clipped, generous;
  const OptimizerOptions plain{.weight_decay = 0, .momentum = 0};
  const auto moved = [&](RunOf<Context>& run, double clip) {
    auto tuner = run.tuner({.seed = 3, .optimizer = plain, .clip_norm = clip}, 48, 1);
    const Tensor before = run.learned().begin()->second;
    tuner.fit(run.images);
    return run.learned().begin()->second.sub(before).norm().template item<double>();
  };
  const double whole = moved(free, 0);
  CHECK(moved(generous, 1e6) == whole);
  CHECK(moved(clipped, whole / 0.02 / 4) == Approx(whole / 4).epsilon(1e-3));
}

TEST_CASE("a step of SAM is two passes and one update", "[epoch]") {
  RunOf<Coop<ToyModel>> run, plain;
  auto tuner = run.tuner({.seed = 3, .optimizer = {.weight_decay = 0.01, .momentum = 0.5, .sam_radius = 0.4}});
  const Tensor value = plain.backbone.parameters()[0].value;
  Tensor velocity;
  const auto gradient = [&](const Batch& batch) {
    Tensor leaf = value;
    leaf.mutable_grad() = Tensor();
    ImageBatch images = plain.images.load([&] {
      std::vector<View> views;
      for (const std::int64_t image : batch.images) views.push_back({.image = image});
      return views;
    }());
    const Output output = plain.backbone.forward(images, Candidates::all(6));
    const Tensor right = at::tensor(batch.labels).unsqueeze(1);
    output.logits.log_softmax(1).gather(1, right).mean().neg().backward();
    return value.grad().clone();
  };
  const CosineSchedule schedule({.epochs = 3, .learning_rate = 0.02, .warmup_epochs = 0});
  int steps = 0;
  for (const Batch& batch : tuner.begin_epoch(run.images)) {
    const Tensor foot = value.detach().clone(), first = gradient(batch);
    {
      const at::NoGradGuard no_graph;
      Tensor(value).add_(first, 0.4 / first.norm().item<double>());
    }
    const Tensor above = gradient(batch);
    const at::NoGradGuard no_graph;
    Tensor(value).copy_(foot);
    const Tensor direction = above + 0.01 * foot;
    velocity = velocity.defined() ? 0.5 * velocity + direction : direction;
    Tensor(value).sub_(velocity, schedule.learning_rate(0));
    const at::AutoGradMode graph(true);
    tuner.step(batch);
    CHECK(largest_difference(run.backbone.parameters()[0].value, value) < 1e-5);
    CHECK_FALSE(value.equal(foot));
    CHECK_FALSE(above.equal(first));
    ++steps;
  }
  CHECK(steps == 3);
}

TEST_CASE("both passes of SAM draw the same, and leave the buffers of one", "[epoch]") {
  RunOf<Upt<ToyModel>> without({.dropout = 0.2}), with({.dropout = 0.2});
  without.tuner().fit(without.images);
  with.tuner({.seed = 3, .optimizer = {.sam_radius = 1e-30}}).fit(with.images);  // too short to move fp32
  check_equal(with.learned(), without.learned());
}

namespace {

struct SignDescent {
  void step(const Update& update) const {
    Tensor& steps = update.kept["steps"];
    steps = steps.defined() ? steps + 1 : at::ones({});
    update.value.sub_(update.gradient.sign(), update.rate / steps.item<double>());
  }
};

/// As a cosine over steps.
struct StepCosine {
  [[nodiscard]] int epochs() const { return 2; }
  [[nodiscard]] double learning_rate(int epoch) const { return learning_rate(StepTime{.epoch = epoch}); }
  [[nodiscard]] double learning_rate(const StepTime& time) const { return 0.02 * (2 - time.epochs()); }
};
static_assert(FollowsSteps<StepCosine> && !FollowsSteps<CosineSchedule>);

}  // namespace

TEST_CASE("an optimizer of one's own trains, and a resumed training is as one that never stopped", "[epoch]") {
  const TunerOptions options{.seed = 3, .own_optimizer = SignDescent{}};
  RunOf<Coop<ToyModel>> whole, first, second;
  whole.tuner(options).fit(whole.images);
  auto stopped = first.tuner(options);
  stopped.epoch(first.images);
  auto resumed = second.tuner(options);
  resumed.resume(stopped.state());
  resumed.fit(second.images);
  check_equal(second.learned(), whole.learned());
  RunOf<Coop<ToyModel>> other;
  CHECK_THROWS_WITH(other.tuner().resume(stopped.state()),
                    ContainsSubstring("the saved state is of another training") && ContainsSubstring("SignDescent"));
}

TEST_CASE("groups and schedules by step set the rate of each update", "[epoch]") {
  RunOf<Coop<ToyModel>> run;
  PromptTuner tuner(
      run.backbone, ShuffledSampler(run.data.labels, toy_classes(6), {.batch = 16}), CrossEntropy{}, StepCosine{},
      {.seed = 3, .optimizer = {.weight_decay = 0, .momentum = 0}, .groups = {{.prefix = "prompt", .rate = 5}}});
  std::vector<double> rates;
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (const Batch& batch : tuner.begin_epoch(run.images)) {
      const Tensor before = run.backbone.parameters()[0].value.detach().clone();
      const StepReport report = tuner.step(batch);
      rates.push_back(report.learning_rate);
      const Tensor value = run.backbone.parameters()[0].value;
      CHECK(largest_difference(before - value.detach(), value.grad() * (5 * report.learning_rate)) < 1e-5);
    }
    CHECK(tuner.end_epoch().learning_rate == Approx(epoch == 0 ? 0.04 : 0.02));
  }
  REQUIRE(rates.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) CHECK(rates[i] == Approx(0.02 * (2 - static_cast<double>(i) / 3)));
  CHECK_THROWS_WITH(run.tuner({.name = "t", .groups = {{.prefix = "image"}}}),
                    ContainsSubstring("t: no parameter's name"));
}
