// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/detail/epoch.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/detail/image_calls.hpp>
#include <mao/tuner/detail/views.hpp>

namespace mao::detail {

MAO_INLINE double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

MAO_INLINE TrainingEpoch::TrainingEpoch(std::unique_ptr<BackboneCalls> backbone, std::unique_ptr<PolicyCalls> policies,
                                        Options options, const DescribeTraining& describe)
    : TrainingStep(std::move(backbone), std::move(policies), std::move(options)),
      training_(policy_call(
          {.name = options_.name}, "the description of a policy", [] { return "names, settings, learning rates"; },
          [&] { return describe(optimizer_); })) {
  training_["clip_norm"] = setting_text(options_.clip_norm);
  training_["accumulate"] = setting_text(options_.accumulate);
  if (policies_->traits.mines_negatives) expect_mining(backbone_->traits(), options_.name);
  expect_policies_agree();
}

MAO_INLINE std::vector<Batch> TrainingEpoch::begin_epoch(ImageSource& images) {
  expect_ready(images);
  return begun(images);
}

MAO_INLINE StepReport TrainingEpoch::step(Batch batch) {
  expect_alive();
  require<OptionError>(running_.has_value(), options_.name, ": `step` before `begin_epoch`, which gives its batches");
  const StepPlace place{.name = options_.name, .epoch = epochs_done_, .step = running_->next};
  require<OptionError>(running_->next < running_->steps(), place, ": all ", running_->steps(),
                       " steps of the epoch are done; call `end_epoch`");
  require<OptionError>(batch.images == running_->drawn[static_cast<std::size_t>(running_->next)], place,
                       ": the batch has other images than the sampler drew; give `step` the batches of `begin_epoch` "
                       "in order");
  check_batches({batch}, running_->count, classes_.size(), !policies_->traits.labels_batches && !ignores_labels(),
                place);
  return stepped(batch, {});
}

MAO_INLINE EpochReport TrainingEpoch::end_epoch() {
  expect_alive();
  return ended({});
}

MAO_INLINE EpochReport TrainingEpoch::epoch(ImageSource& images) {
  for (Batch& batch : begin_epoch(images)) stepped(batch, {});
  return ended({});
}

MAO_INLINE void TrainingEpoch::finish() {
  expect_alive();
  require<OptionError>(!finished_, options_.name, ": this training is finished already");
  require<OptionError>(epochs_done_ == epochs() && !running_, options_.name, ": `finish` after ", epochs_done_, " of ",
                       epochs(), " epochs; train the others first");
  require<DataError>(updates_ > 0, options_.name, ": no image of any of the ", epochs(),
                     " epochs had a weight above 0, so nothing was trained; lower the labeller's threshold");
  require<OptionError>(begun_at_ > 0 || change_.fastest() > 0, options_.name, ": every learning rate of all ", epochs(),
                       " epochs was 0, so nothing was trained; expected a schedule above 0");
  expect_policies_agree();
  if (backbone_->offers.finishing) {
    policy_call(
        {.name = options_.name}, "the backbone's `finish`", [] { return "what was learned, in its place"; },
        [&] { backbone_->finish(); });
  }
  finished_ = true;
}

MAO_INLINE TunerState TrainingEpoch::state() const {
  expect_alive();
  if (whole_.has_value()) return *whole_;
  return current_state();
}

MAO_INLINE void TrainingEpoch::resume(const TunerState& state) {
  expect_alive();
  if (!state.training.empty()) expect_same_training(state.training, training_, options_.name);
  check_state(state, optimizer_, options_.name);
  expect_same_classes(state.classes, classes_, options_.name + ": the saved state is of a training on",
                      "make the tuner for the classes of that training");
  expect_same_training(state.training, training_, options_.name);
  if (state.epochs_done > 0) expect_same_batches(state.last_batches, drawn_again(state), options_.name);
  restore(state);
  whole_.reset();
  running_.reset();
  drawing_.clear();
  begun_at_ = epochs_done_;
  finished_ = false;
}

MAO_INLINE void TrainingEpoch::expect_ready(ImageSource& images) {
  expect_alive();
  require<OptionError>(!running_ || running_->next < running_->steps(), options_.name, ": all ",
                       running_ ? running_->steps() : 0, " steps of epoch ", epochs_done_ + 1,
                       " are done; call `end_epoch` before the next one begins");
  expect_source(images, {.name = options_.name});
  policies_->expect_counted(images.size(), options_.name);
  running_.reset();
  if (whole_.has_value()) restore(*std::exchange(whole_, std::nullopt));
  expect_trainable();
  expect_shareable(workers(), backbone_->traits(), policies_->traits.compares_images, options_.name);
  expect_shareable_labels(workers(), policies_->traits.labels_from_state, options_.name);
  expect_same_start(workers(), epochs_done_, optimizer_.parameters(), options_.name);
}

MAO_INLINE std::vector<Batch> TrainingEpoch::begun(ImageSource& images) {
  const int epoch = epochs_done_;
  const StepPlace place{.name = options_.name, .epoch = epoch};
  const bool twice = backbone_->traits().two_views;
  const double start = seconds_now();
  whole_ = current_state();
  gathered_.forget();
  const std::int64_t count = count_of(images, place);
  std::vector<Batch> batches = drawn_for(epoch, count);
  auto views = views_of(batches, options_.seed, epoch, options_.augment);
  for (auto& of_batch : views) of_batch = part_of(of_batch, share_of(std::ssize(of_batch), workers()));
  announce_to(images, wanted_views(views, twice), place);
  running_ = Running{.images = &images, .count = count, .twice = twice, .start = start, .views = std::move(views)};
  for (const Batch& batch : batches) running_->drawn.push_back(batch.images);
  running_->total = {
      .epoch = epoch, .epochs = epochs(), .learning_rate = rate_of({.epoch = epoch}), .stage = options_.name};
  return batches;
}

MAO_INLINE StepReport TrainingEpoch::stepped(Batch& batch, const Observers& observers) {
  EpochReport& total = running_->total;
  const int i = running_->next;
  StepReport report{.epoch = total.epoch,
                    .epochs = total.epochs,
                    .step = i,
                    .steps = running_->steps(),
                    .learning_rate = rate_of({.epoch = total.epoch, .step = i, .steps = running_->steps()})};
  const StepPlace here{.name = options_.name, .epoch = total.epoch, .step = i};
  const auto& views = running_->views[static_cast<std::size_t>(i)];
  TrainingStep::step(batch, load_views(*running_->images, views, running_->twice, here), report, observers);
  ++running_->next;
  observers.step(report, batch);
  total.loss += report.loss;
  total.accuracy += report.accuracy;
  ++(report.skipped ? total.skipped : total.steps);
  return report;
}

MAO_INLINE EpochReport TrainingEpoch::ended(const Observers& observers) {
  require<OptionError>(running_.has_value(), options_.name, ": `end_epoch` before `begin_epoch`");
  require<OptionError>(running_->next == running_->steps(), options_.name, ": `end_epoch` after ", running_->next,
                       " of ", running_->steps(), " steps of epoch ", epochs_done_ + 1, "; do these steps first");
  finish_epoch(observers);
  EpochReport total = std::exchange(running_, std::nullopt)->total;
  total.loss /= std::max(1, total.steps);
  total.accuracy /= std::max(1, total.steps);
  ++epochs_done_;
  drawn_ = std::exchange(drawing_, {});
  drawn_from_ = std::exchange(before_draw_, {});
  whole_.reset();
  return total;
}

MAO_INLINE std::vector<Batch> TrainingEpoch::drawn_for(int epoch, std::int64_t images) {
  const StepPlace place{.name = options_.name, .epoch = epoch};
  expect_policies_agree();
  check_same_parameters(optimizer_.parameters(), parameters(place), place);
  static_cast<void>(rate_of({.epoch = epoch}));
  before_draw_ = whole_->sampler;
  std::vector<Batch> batches = draw(epoch);
  check_batches(batches, images, classes_.size(), !policies_->traits.labels_batches && !ignores_labels(), place);
  const std::string drawn = text_of_batches(batches);
  if (!drawing_.empty()) expect_same_batches(drawing_, drawn, options_.name);
  drawing_ = drawn;
  return batches;
}

MAO_INLINE void TrainingEpoch::finish_epoch(const Observers& observers) {
  const StepPlace place{.name = options_.name, .epoch = epochs_done_};
  StepReport last{.epoch = epochs_done_,
                  .epochs = epochs(),
                  .step = running_->steps() - 1,
                  .steps = running_->steps(),
                  .learning_rate = running_->total.learning_rate};
  if (gathered_.complete_early(optimizer_.parameters())) update(last, place, observers);
  change_.expect(optimizer_.parameters(), place);
  check_same_parameters(optimizer_.parameters(), parameters(place), place);
  check_finite(optimizer_.parameters(), text_of(place, ", after its last step"));
  if (backbone_->offers.epochs) {
    policy_call(
        place, "the backbone's `end_epoch`", [] { return "what it gathers over epochs"; },
        [&] { backbone_->end_epoch({.epoch = epochs_done_, .horizon = epochs()}); });
  }
  running_->total.seconds = seconds_now() - running_->start;
}

MAO_INLINE void TrainingEpoch::expect_trainable() const {
  const int all = epochs();
  require<OptionError>(!finished_, options_.name, ": `fit` has finished the ", epochs_done_,
                       " epochs of this tuner; make another tuner to train further");
  require<OptionError>(all >= 1, options_.name, ": the schedule has ", all, " epochs, expected at least 1");
  require<OptionError>(epochs_done_ <= all, options_.name, ": ", epochs_done_, " epochs are done, the schedule has ",
                       all);
  check_parameters(optimizer_.parameters(), {.name = options_.name});
}

MAO_INLINE TunerState TrainingEpoch::current_state() const {
  TunerState state = state_of(*backbone_, optimizer_, epochs_done_, {.name = options_.name});
  state.sampler = policies_->sampler_state({.name = options_.name});
  state.last_sampler = drawn_from_;
  state.updates = updates_;
  state.classes = classes_;
  state.training = training_;
  state.last_batches = drawn_;
  return state;
}

MAO_INLINE std::string TrainingEpoch::drawn_again(const TunerState& state) {
  const StepPlace place{.name = options_.name, .epoch = state.epochs_done - 1};
  const TensorMap kept = policies_->sampler_state(place);
  if (policies_->traits.keeps_state) policies_->restore_sampler(state.last_sampler, place);
  std::string drawn = text_of_batches(draw(state.epochs_done - 1));
  if (policies_->traits.keeps_state) policies_->restore_sampler(kept, place);
  return drawn;
}

MAO_INLINE void TrainingEpoch::restore(const TunerState& state) {
  restore_state(*backbone_, optimizer_, state, options_.name);
  policies_->restore_sampler(state.sampler, {.name = options_.name});
  epochs_done_ = state.epochs_done;
  updates_ = state.updates;
  drawn_ = state.last_batches;
  drawn_from_ = state.last_sampler;
}

}  // namespace mao::detail
