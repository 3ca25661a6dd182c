// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A training epoch by epoch: the batches of each, a step for each batch, the end of it, and the state between two.

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/detail/image_calls.hpp>
#include <mao/tuner/detail/state.hpp>
#include <mao/tuner/detail/views.hpp>
#include <mao/tuner/step.hpp>

namespace mao::detail {

/// Seconds of a clock that only moves forward.
inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// What `PromptTuner` is made of, on top of its step.
template <class BackboneT, class SamplerT, class RegularizerT, class ScheduleT>
class TrainingEpoch : TrainingStep<BackboneT, SamplerT, RegularizerT, ScheduleT> {
  using Step = TrainingStep<BackboneT, SamplerT, RegularizerT, ScheduleT>;

 public:
  using Options = TunerOptions;

  /// The batches of the next epoch as the sampler draws them, one for each `step`. `images` outlives the epoch. An
  /// epoch that was left before its last step begins again. **Throws** as `fit`, and `OptionError` when the epoch
  /// before was not ended.
  std::vector<Batch> begin_epoch(ImageSource& images) {
    expect_ready(images);
    return begun(images);
  }

  /// The next step of the epoch, with its batch. Labels, weights and targets may be changed before; the images are
  /// those that were drawn. **Throws** as `fit`, and `OptionError` for other images and when no step is left.
  StepReport step(Batch batch) {
    require<OptionError>(running_.has_value(), options_.name, ": `step` before `begin_epoch`, which gives its batches");
    const StepPlace place{.name = options_.name, .epoch = epochs_done_, .step = running_->next};
    require<OptionError>(running_->next < running_->steps(), place, ": all ", running_->steps(),
                         " steps of the epoch are done; call `end_epoch`");
    require<OptionError>(batch.images == running_->drawn[static_cast<std::size_t>(running_->next)], place,
                         ": the batch has other images than the sampler drew; give `step` the batches of `begin_epoch` "
                         "in order");
    check_batches({batch}, running_->count, classes_.size(), !LabelsBatches<SamplerT> && !ignores_labels(), place);
    return stepped(batch, {});
  }

  /// After the last step of an epoch. **Throws** as `fit`, and `OptionError` when steps are left.
  EpochReport end_epoch() { return ended({}); }

  /// A whole epoch: `begin_epoch`, its steps, `end_epoch`.
  EpochReport epoch(ImageSource& images) {
    for (Batch& batch : begin_epoch(images)) stepped(batch, {});
    return ended({});
  }

  /// After the last epoch of the schedule: the backbone puts what it has learned in its place. `fit` does it.
  void finish() {
    require<OptionError>(!finished_, options_.name, ": this training is finished already");
    require<OptionError>(epochs_done_ == epochs() && !running_, options_.name, ": `finish` after ", epochs_done_,
                         " of ", epochs(), " epochs; train the others first");
    require<DataError>(updates_ > 0, options_.name, ": no image of any of the ", schedule_.epochs(),
                       " epochs had a weight above 0, so nothing was trained; lower the labeller's threshold");
    require<OptionError>(begun_at_ > 0 || change_.fastest() > 0, options_.name, ": every learning rate of all ",
                         schedule_.epochs(), " epochs was 0, so nothing was trained; expected a schedule above 0");
    expect_policies_agree();
    if constexpr (Finishes<BackboneT>) {
      policy_call(
          {.name = options_.name}, "the backbone's `finish`", [] { return "what was learned, in its place"; },
          [&] { backbone_.finish(); });
    }
    finished_ = true;
  }

  /// A copy of the state at the end of the last whole epoch.
  [[nodiscard]] TunerState state() const { return whole_.has_value() ? *whole_ : current_state(); }

  /// Continues from a state. **Throws** `ShapeError` when it belongs to another method, `OptionError` that lists both
  /// when it belongs to other classes, another model, optimizer, seed, rate, or a policy with other settings.
  void resume(const TunerState& state) {
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

  [[nodiscard]] const ScheduleT& schedule() const { return schedule_; }
  [[nodiscard]] const Options& options() const { return options_; }

 protected:
  using Step::backbone_, Step::sampler_, Step::regularizer_, Step::schedule_, Step::options_, Step::classes_,
      Step::optimizer_, Step::change_, Step::updates_, Step::gathered_, Step::workers, Step::ignores_labels, Step::draw,
      Step::expect_policies_agree, Step::parameters, Step::epochs, Step::rate_of;

  TrainingEpoch(BackboneT& backbone, SamplerT sampler, RegularizerT regularizer, ScheduleT schedule, Options options)
      : Step(backbone, std::move(sampler), std::move(regularizer), std::move(schedule), std::move(options)),
        training_(policy_call(
            {.name = options_.name}, "the description of a policy", [] { return "names, settings, learning rates"; },
            [&] {
              auto all = training_of(backbone_, sampler_, regularizer_, schedule_, optimizer_, options_.seed,
                                     options_.augment);
              all["clip_norm"] = setting_text(options_.clip_norm);
              all["accumulate"] = setting_text(options_.accumulate);
              return all;
            })) {
    if constexpr (MinesNegatives<SamplerT>) expect_mining(traits_of(backbone), options_.name);
    expect_policies_agree();
  }

  /// Everything is there for training; an epoch that was left is undone.
  void expect_ready(ImageSource& images) {
    require<OptionError>(!running_ || running_->next < running_->steps(), options_.name, ": all ",
                         running_ ? running_->steps() : 0, " steps of epoch ", epochs_done_ + 1,
                         " are done; call `end_epoch` before the next one begins");
    expect_counted(sampler_, images.size(), options_.name);
    running_.reset();
    if (whole_.has_value()) restore(*std::exchange(whole_, std::nullopt));
    expect_trainable();
    expect_shareable(workers(), backbone_, regularizer_, options_.name);
    expect_shareable_labels<SamplerT>(workers(), options_.name);
    expect_same_start(workers(), epochs_done_, optimizer_.parameters(), options_.name);
  }

  std::vector<Batch> begun(ImageSource& images) {
    const int epoch = epochs_done_;
    const StepPlace place{.name = options_.name, .epoch = epoch};
    const bool twice = traits_of(backbone_).two_views;
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
    running_->total = {.epoch = epoch, .epochs = epochs(), .learning_rate = rate_of(epoch), .stage = options_.name};
    return batches;
  }

  StepReport stepped(Batch& batch, const Observers& observers) {
    EpochReport& total = running_->total;
    const int i = running_->next;
    StepReport report{.epoch = total.epoch,
                      .epochs = total.epochs,
                      .step = i,
                      .steps = running_->steps(),
                      .learning_rate = total.learning_rate};
    const StepPlace here{.name = options_.name, .epoch = total.epoch, .step = i};
    const auto& views = running_->views[static_cast<std::size_t>(i)];
    Step::step(batch, load_views(*running_->images, views, running_->twice, here), report, observers);
    ++running_->next;
    observers.step(report, batch);
    total.loss += report.loss;
    total.accuracy += report.accuracy;
    ++(report.skipped ? total.skipped : total.steps);
    return report;
  }

  EpochReport ended(const Observers& observers) {
    require<OptionError>(running_.has_value(), options_.name, ": `end_epoch` before `begin_epoch`");
    require<OptionError>(running_->next == running_->steps(), options_.name, ": `end_epoch` after ", running_->next,
                         " of ", running_->steps(), " steps of epoch ", epochs_done_ + 1, "; take the others first");
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

  int epochs_done_ = 0;
  int begun_at_ = 0;  // the epochs of the state that this training was resumed from
  bool finished_ = false;

 private:
  /// An epoch under way.
  struct Running {
    ImageSource* images = nullptr;
    std::int64_t count = 0;
    bool twice = false;
    double start = 0;
    std::vector<std::vector<View>> views{};
    std::vector<std::vector<std::int64_t>> drawn{};  // images of each batch
    EpochReport total{};
    int next = 0;

    [[nodiscard]] int steps() const { return static_cast<int>(drawn.size()); }
  };

  /// The batches of an epoch, which the sampler has to draw alike whenever it is asked.
  std::vector<Batch> drawn_for(int epoch, std::int64_t images) {
    const StepPlace place{.name = options_.name, .epoch = epoch};
    expect_policies_agree();
    check_same_parameters(optimizer_.parameters(), parameters(place), place);
    static_cast<void>(rate_of(epoch));
    before_draw_ = whole_->sampler;
    std::vector<Batch> batches = draw(epoch);
    check_batches(batches, images, classes_.size(), !LabelsBatches<SamplerT> && !ignores_labels(), place);
    const std::string drawn = text_of_batches(batches);
    if (!drawing_.empty()) expect_same_batches(drawing_, drawn, options_.name);
    drawing_ = drawn;
    return batches;
  }

  /// What is left to do with gradients and backbone; the checks of an epoch.
  void finish_epoch(const Observers& observers) {
    const StepPlace place{.name = options_.name, .epoch = epochs_done_};
    StepReport last{.epoch = epochs_done_,
                    .epochs = epochs(),
                    .step = running_->steps() - 1,
                    .steps = running_->steps(),
                    .learning_rate = running_->total.learning_rate};
    if (gathered_.complete_early(optimizer_.parameters())) Step::update(last, place, observers);
    change_.expect(optimizer_.parameters(), place);
    check_same_parameters(optimizer_.parameters(), parameters(place), place);
    check_finite(optimizer_.parameters(), text_of(place, ", after its last step"));
    if constexpr (EpochAware<BackboneT>) {
      policy_call(
          place, "the backbone's `end_epoch`", [] { return "what it gathers over epochs"; },
          [&] { backbone_.end_epoch({.epoch = epochs_done_, .horizon = epochs()}); });
    }
    running_->total.seconds = seconds_now() - running_->start;
  }

  void expect_trainable() const {
    const int all = epochs();
    require<OptionError>(!finished_, options_.name, ": `fit` has finished the ", epochs_done_,
                         " epochs of this tuner; make another tuner to train further");
    require<OptionError>(all >= 1, options_.name, ": the schedule has ", all, " epochs, expected at least 1");
    require<OptionError>(epochs_done_ <= all, options_.name, ": ", epochs_done_, " epochs are done, the schedule has ",
                         all);
    check_parameters(optimizer_.parameters(), {.name = options_.name});
  }

  [[nodiscard]] TunerState current_state() const {
    TunerState state = state_of(backbone_, optimizer_, epochs_done_, {.name = options_.name});
    state.sampler = sampler_state(sampler_, {.name = options_.name});
    state.last_sampler = drawn_from_;
    state.updates = updates_;
    state.classes = classes_;
    state.training = training_;
    state.last_batches = drawn_;
    return state;
  }

  /// The batches of the last epoch of a state as this sampler draws them; the sampler is as it was afterwards.
  std::string drawn_again(const TunerState& state) {
    const StepPlace place{.name = options_.name, .epoch = state.epochs_done - 1};
    const TensorMap kept = sampler_state(sampler_, place);
    if constexpr (KeepsState<SamplerT>) restore_sampler(sampler_, state.last_sampler, place);
    std::string drawn = text_of_batches(draw(state.epochs_done - 1));
    if constexpr (KeepsState<SamplerT>) restore_sampler(sampler_, kept, place);
    return drawn;
  }

  void restore(const TunerState& state) {
    restore_state(backbone_, optimizer_, state, options_.name);
    restore_sampler(sampler_, state.sampler, {.name = options_.name});
    epochs_done_ = state.epochs_done;
    updates_ = state.updates;
    drawn_ = state.last_batches;
    drawn_from_ = state.last_sampler;
  }

  std::map<std::string, std::string> training_;
  std::optional<TunerState> whole_;     // of the last whole epoch, while another one is trained
  std::string drawn_, drawing_;         // the batches of the last whole epoch, and of the one that is trained
  TensorMap drawn_from_, before_draw_;  // what the sampler kept before those were drawn
  std::optional<Running> running_;
};

}  // namespace mao::detail
