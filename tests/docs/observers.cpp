// SPDX-License-Identifier: Apache-2.0
// What docs/reference/tuner.md and docs/concepts/observer.md show: settings of a policy, steps by hand, observers.
// `scripts/check_docs.py --write` copies the parts to the pages.
#include <algorithm>
#include <sstream>

#include <mao/backbones/coop.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/evaluation/base_to_new.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/tuner/observers.hpp>
#include <mao/tuner/recipes.hpp>

#include <support/catch.hpp>

namespace {

// [describe]
/// Cross entropy between labels and a mixture with all candidates.
struct Smoothed : mao::CrossEntropy {
  struct Options {
    double share = 0.1;
    bool by_frequency = false;
    static constexpr const char* fields[] = {"share", "by_frequency"};
  };
  Options options;

  mao::Description describe() const { return mao::described("Smoothed", options); }
};
// another share: "... is of another training (regularizer.share: 0.1 there, 0.2 here); give the settings ..."
// [end]

// [small_observer]
/// Halves each gradient and counts the images of all steps.
struct Halved {
  std::int64_t images = 0;
  void on_gradients(const mao::ParameterList& parameters, const mao::StepReport&) {
    for (mao::Parameter parameter : parameters) parameter.value.mutable_grad().mul_(0.5);
  }
  void on_step(const mao::StepReport&, const mao::Batch& batch) { images += batch.size(); }
};
// [end]

}  // namespace

TEST_CASE("settings of a loss, steps by hand, and an observer of one's own", "[docs]") {
  const auto clip = mao::testing::ToyModel::make();
  const mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels);
  mao::Coop coop(clip, mao::testing::toy_classes(6)), other(clip, mao::testing::toy_classes(6));
  const mao::ShuffledSampler sampler(data.labels, coop.classes(), {.batch = 16});
  const auto with = [&](double share) {
    return mao::PromptTuner(coop, sampler, Smoothed{.options = {.share = share}}, mao::CosineSchedule({.epochs = 2}));
  };
  const mao::TunerState state = with(0.1).state();
  CHECK_THROWS_WITH(with(0.2).resume(state), ContainsSubstring("(regularizer.share: 0.1 there, 0.2 here)"));
  auto tuner = mao::plain(other, other.classes(), data.labels, {.batch = 16, .schedule = {.epochs = 2}});
  std::ostringstream out;
  // [steps]
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (const mao::Batch& batch : tuner.begin_epoch(images)) {
      const mao::StepReport step = tuner.step(batch);
      out << "step " << step.step + 1 << " of " << step.steps << ": loss " << step.loss << "\n";
    }
    const mao::EpochReport report = tuner.end_epoch();  // the three lines in one: tuner.epoch(images)
    out << report.stage << ": accuracy " << report.accuracy << " %\n";
  }
  tuner.finish();
  // [end]
  CHECK_THAT(out.str(), ContainsSubstring("step 3 of 3: loss ") && ContainsSubstring("plain: accuracy "));
  auto fitted = mao::plain(coop, coop.classes(), data.labels, {.batch = 16, .schedule = {.epochs = 2}});
  fitted.fit(images);
  CHECK(other.parameters()[0].value.equal(coop.parameters()[0].value));
  mao::TensorImages held_out(data.pixels.narrow(0, 0, 16));
  const std::vector<std::int64_t> held_out_labels(data.labels.begin(), data.labels.begin() + 16);
  auto watched = mao::plain(coop, coop.classes(), data.labels, {.batch = 16, .schedule = {.epochs = 2}});
  // [observers]
  mao::EarlyStopping validation(coop, coop.classes(), held_out, held_out_labels, {.patience = 3});
  mao::FitResult result = watched.fit(images, mao::Progress(out), validation);
  out << result.why << "\n";  // "all 2 epochs are done", or "no better accuracy on the validation images for 3 epochs"
  // [end]
  CHECK(result.epochs.size() == 2);
  CHECK(validation.accuracies().size() == 2);
  Halved halved;
  auto third = mao::plain(coop, coop.classes(), data.labels, {.batch = 16, .schedule = {.epochs = 2}});
  third.fit(images, halved);
  CHECK(halved.images == 96);
}

TEST_CASE("an observer validates after each epoch and may stop the training", "[docs]") {
  const auto clip = mao::testing::ToyModel::make();
  const mao::testing::ToyImages data(6, 8, 1);
  mao::TensorImages images(data.pixels);
  mao::Coop coop(clip, mao::testing::toy_classes(6));
  const mao::TaskHalf held_out{mao::testing::toy_classes(6), nullptr, {}, &images, data.labels};
  auto tuner = mao::plain(coop, held_out.classes, data.labels, {.batch = 16, .schedule = {.epochs = 3}});
  std::stringstream out;
  // [observer]
  double best = 0;
  int without_gain = 0;
  mao::Observer observer;
  observer.on_epoch = [&](const mao::EpochReport& report) {
    const double accuracy = mao::test_on(coop, held_out).accuracy;  // does not change the backbone
    without_gain = accuracy > best ? 0 : without_gain + 1;
    best = std::max(best, accuracy);
    out << "epoch " << report.epoch + 1 << " of " << report.epochs << ": loss " << report.loss << ", held out "
        << accuracy << " %\n";
  };
  observer.should_stop = [&] { return without_gain == 5; };  // called before each step
  if (tuner.fit(images, observer) == mao::FitResult::Stopped) out << "stopped; `fit` would resume at the last epoch\n";
  // [end]
  CHECK(out.str().find("epoch 3 of 3: loss") != std::string::npos);
}
