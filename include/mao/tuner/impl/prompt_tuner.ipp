// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/prompt_tuner.hpp>

#include <algorithm>

#include <mao/config.hpp>
#include <mao/core/detail/image_calls.hpp>
#include <mao/tuner/detail/views.hpp>

namespace mao::detail {

MAO_INLINE TrainingLoop::TrainingLoop(std::unique_ptr<BackboneCalls> backbone, std::unique_ptr<PolicyCalls> policies,
                                      Options options, const std::function<Training(const Optimizer&)>& training)
    : TrainingStep(std::move(backbone), std::move(policies), std::move(options)),
      training_(policy_call(
          {.name = options_.name}, "the description of a policy", [] { return "names, settings, learning rates"; },
          [&] { return training(optimizer_); })) {
  if (policies_->traits.mines_negatives) expect_mining(backbone_->traits(), options_.name);
  expect_policies_agree();
}

MAO_INLINE FitResult TrainingLoop::fit(ImageSource& images, const Observer& observer) {
  policies_->expect_counted(images.size(), options_.name);
  if (whole_.has_value()) restore(*std::exchange(whole_, std::nullopt));
  expect_trainable();
  expect_shareable(workers(), backbone_->traits(), policies_->traits.compares_images, options_.name);
  expect_shareable_labels(workers(), policies_->traits.labels_from_state, options_.name);
  expect_same_start(workers(), epochs_done_, optimizer_.parameters(), options_.name);
  const bool begins = epochs_done_ == 0;
  while (epochs_done_ < epochs()) {
    if (!run_epoch(images, observer)) return FitResult::Stopped;
  }
  require<DataError>(updates_ > 0, options_.name, ": no image of any of the ", epochs(),
                     " epochs had a weight above 0, so nothing was trained; lower the labeller's threshold");
  require<OptionError>(!begins || change_.fastest() > 0, options_.name, ": every learning rate of all ", epochs(),
                       " epochs was 0, so nothing was trained; expected a schedule above 0");
  expect_policies_agree();
  if (backbone_->offers.finishing) {
    policy_call(
        {.name = options_.name}, "the backbone's `finish`", [] { return "what was learned, in its place"; },
        [&] { backbone_->finish(); });
  }
  finished_ = true;
  return FitResult::Finished;
}

MAO_INLINE TunerState TrainingLoop::state() const { return whole_.has_value() ? *whole_ : current_state(); }

MAO_INLINE void TrainingLoop::resume(const TunerState& state) {
  check_state(state, optimizer_, options_.name);
  expect_same_classes(state.classes, classes_, options_.name + ": the saved state is of a training on",
                      "make the tuner for the classes of that training");
  expect_same_training(state.training, training_, options_.name);
  if (state.epochs_done > 0) expect_same_batches(state.last_batches, drawn_again(state), options_.name);
  restore(state);
  whole_.reset();
  drawing_.clear();
  finished_ = false;
}

MAO_INLINE bool TrainingLoop::run_epoch(ImageSource& images, const Observer& observer) {
  const int epoch = epochs_done_;
  const bool twice = backbone_->traits().two_views;
  whole_ = current_state();
  const StepPlace place{.name = options_.name, .epoch = epoch};
  std::vector<Batch> batches = begun(epoch, count_of(images, place));
  auto views = views_of(batches, options_.seed, epoch, options_.augment);
  for (auto& of_batch : views) of_batch = part_of(of_batch, share_of(std::ssize(of_batch), workers()));
  announce_to(images, wanted_views(views, twice), place);
  EpochReport total{.epoch = epoch, .epochs = epochs(), .learning_rate = rate_of(epoch)};
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const bool stop = observer.should_stop && observer.should_stop();
    if (sums_over(workers(), {stop ? 1.0 : 0.0})[0] > 0) return false;
    StepReport report{.epoch = epoch,
                      .epochs = total.epochs,
                      .step = static_cast<int>(i),
                      .steps = static_cast<int>(batches.size()),
                      .learning_rate = total.learning_rate};
    const StepPlace here{.name = options_.name, .epoch = epoch, .step = report.step};
    step(batches[i], load_views(images, views[i], twice, here), report);
    if (observer.on_step) observer.on_step(report);
    total.loss += report.loss;
    total.accuracy += report.accuracy;
    ++(report.skipped ? total.skipped : total.steps);
  }
  total.loss /= std::max(1, total.steps);
  total.accuracy /= std::max(1, total.steps);
  end(epoch);
  if (observer.on_epoch) observer.on_epoch(total);
  return true;
}

MAO_INLINE std::vector<Batch> TrainingLoop::begun(int epoch, std::int64_t images) {
  const StepPlace place{.name = options_.name, .epoch = epoch};
  expect_policies_agree();
  check_same_parameters(optimizer_.parameters(), parameters(place), place);
  static_cast<void>(rate_of(epoch));
  before_draw_ = whole_->sampler;
  std::vector<Batch> batches = draw(epoch);
  check_batches(batches, images, classes_.size(), !policies_->traits.labels_batches && !ignores_labels(), place);
  const std::string drawn = text_of_batches(batches);
  if (!drawing_.empty()) expect_same_batches(drawing_, drawn, options_.name);
  drawing_ = drawn;
  return batches;
}

MAO_INLINE void TrainingLoop::end(int epoch) {
  const StepPlace place{.name = options_.name, .epoch = epoch};
  change_.expect(optimizer_.parameters(), place);
  check_same_parameters(optimizer_.parameters(), parameters(place), place);
  check_finite(optimizer_.parameters(), text_of(place, ", after its last step"));
  if (backbone_->offers.epochs) {
    policy_call(
        place, "the backbone's `end_epoch`", [] { return "what it gathers over epochs"; },
        [&] { backbone_->end_epoch({.epoch = epoch, .horizon = epochs()}); });
  }
  ++epochs_done_;
  drawn_ = std::exchange(drawing_, {});
  drawn_from_ = std::exchange(before_draw_, {});
  whole_.reset();
}

MAO_INLINE void TrainingLoop::expect_trainable() const {
  const int all = epochs();
  require<OptionError>(!finished_, options_.name, ": `fit` has finished the ", all,
                       " epochs of this tuner; make another tuner to train further");
  require<OptionError>(all >= 1, options_.name, ": the schedule has ", all, " epochs, expected at least 1");
  require<OptionError>(epochs_done_ <= all, options_.name, ": ", epochs_done_, " epochs are done, the schedule has ",
                       all);
  check_parameters(optimizer_.parameters(), {.name = options_.name});
}

MAO_INLINE TunerState TrainingLoop::current_state() const {
  TunerState state = state_of(*backbone_, optimizer_, epochs_done_, {.name = options_.name});
  state.sampler = policies_->sampler_state({.name = options_.name});
  state.last_sampler = drawn_from_;
  state.updates = updates_;
  state.classes = classes_;
  state.training = training_;
  state.last_batches = drawn_;
  return state;
}

MAO_INLINE std::string TrainingLoop::drawn_again(const TunerState& state) {
  const StepPlace place{.name = options_.name, .epoch = state.epochs_done - 1};
  const TensorMap kept = policies_->sampler_state(place);
  if (policies_->traits.keeps_state) policies_->restore_sampler(state.last_sampler, place);
  std::string drawn = text_of_batches(draw(state.epochs_done - 1));
  if (policies_->traits.keeps_state) policies_->restore_sampler(kept, place);
  return drawn;
}

MAO_INLINE void TrainingLoop::restore(const TunerState& state) {
  restore_state(*backbone_, optimizer_, state, options_.name);
  policies_->restore_sampler(state.sampler, {.name = options_.name});
  epochs_done_ = state.epochs_done;
  updates_ = state.updates;
  drawn_ = state.last_batches;
  drawn_from_ = state.last_sampler;
}

}  // namespace mao::detail
