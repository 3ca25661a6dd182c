// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One step of training: a prompt-tuning method, what a batch is made of, which loss it is judged by, how long and how
/// fast.

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/detail/image_calls.hpp>
#include <mao/tuner/detail/state.hpp>
#include <mao/tuner/detail/views.hpp>
#include <mao/tuner/step.hpp>

namespace mao {

namespace detail {

template <class BackboneT, class SamplerT, class RegularizerT, class ScheduleT>
class PromptTunerImpl : TrainingStep<BackboneT, SamplerT, RegularizerT, ScheduleT> {
  using Step = TrainingStep<BackboneT, SamplerT, RegularizerT, ScheduleT>;
  using Step::backbone_, Step::sampler_, Step::regularizer_, Step::schedule_, Step::options_, Step::classes_,
      Step::optimizer_, Step::change_, Step::updates_, Step::workers, Step::ignores_labels, Step::draw,
      Step::expect_policies_agree, Step::parameters, Step::epochs, Step::rate_of;

 public:
  using Options = TunerOptions;

  /// The backbone is shared, not copied: the next step trains on from it. The tuner is for the classes that it is bound
  /// to now. **Throws** `OptionError` when the sampler, its labeller or the regularizer says that it is for others.
  PromptTunerImpl(BackboneT& backbone, SamplerT sampler, RegularizerT regularizer, ScheduleT schedule,
                  Options options = {})
      : Step(backbone, std::move(sampler), std::move(regularizer), std::move(schedule), std::move(options)),
        training_(policy_call(
            {.name = options_.name}, "the description of a policy", [] { return "names, settings, learning rates"; },
            [&] {
              return training_of(backbone_, sampler_, regularizer_, schedule_, optimizer_, options_.seed,
                                 options_.augment);
            })) {
    if constexpr (MinesNegatives<SamplerT>) expect_mining(traits_of(backbone), options_.name);
    expect_policies_agree();
  }

  /// Trains until the schedule ends or `observer.should_stop` says so; after a stop, the next call begins at the last
  /// whole epoch. Image positions of the sampler refer to `images`.
  ///
  /// **Throws** `NumericError` naming step and tensor when a value stops being finite, `PolicyError` naming step and
  /// policy when one does not do what its concept says, `OptionError` when the backbone is bound to other classes than
  /// the tuner was made for, when the sampler is for another number of images, when the training is finished already or
  /// has no epochs, or when `workers` cannot share the batches of this method or loss, `DataError` when no step changed
  /// anything.
  FitResult fit(ImageSource& images, const Observer& observer = {}) {
    expect_counted(sampler_, images.size(), options_.name);
    if (whole_.has_value()) restore(*std::exchange(whole_, std::nullopt));
    expect_trainable();
    expect_shareable(workers(), backbone_, regularizer_, options_.name);
    expect_shareable_labels<SamplerT>(workers(), options_.name);
    expect_same_start(workers(), epochs_done_, optimizer_.parameters(), options_.name);
    const bool begins = epochs_done_ == 0;
    while (epochs_done_ < epochs()) {
      if (!run_epoch(images, observer)) return FitResult::Stopped;
    }
    require<DataError>(updates_ > 0, options_.name, ": no image of any of the ", schedule_.epochs(),
                       " epochs had a weight above 0, so nothing was trained; lower the labeller's threshold");
    require<OptionError>(!begins || change_.fastest() > 0, options_.name, ": every learning rate of all ",
                         schedule_.epochs(), " epochs was 0, so nothing was trained; expected a schedule above 0");
    expect_policies_agree();
    if constexpr (Finishes<BackboneT>) {
      policy_call(
          {.name = options_.name}, "the backbone's `finish`", [] { return "what was learned, in its place"; },
          [&] { backbone_.finish(); });
    }
    finished_ = true;
    return FitResult::Finished;
  }

  /// A copy of the state at the end of the last whole epoch.
  [[nodiscard]] TunerState state() const { return whole_.has_value() ? *whole_ : current_state(); }

  /// Continues from a state. **Throws** `ShapeError` when it belongs to another method, `OptionError` that lists both
  /// when it belongs to other classes, another optimizer, seed, rate or sampler.
  void resume(const TunerState& state) {
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

  [[nodiscard]] const ScheduleT& schedule() const { return schedule_; }
  [[nodiscard]] const Options& options() const { return options_; }

 private:
  /// False when asked to stop before the epoch's end.
  bool run_epoch(ImageSource& images, const Observer& observer) {
    const int epoch = epochs_done_;
    const bool twice = traits_of(backbone_).two_views;
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
      Step::step(batches[i], load_views(images, views[i], twice, here), report);
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

  /// The batches of an epoch, which the sampler has to draw alike whenever it is asked.
  std::vector<Batch> begun(int epoch, std::int64_t images) {
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

  void end(int epoch) {
    const StepPlace place{.name = options_.name, .epoch = epoch};
    change_.expect(optimizer_.parameters(), place);
    check_same_parameters(optimizer_.parameters(), parameters(place), place);
    check_finite(optimizer_.parameters(), text_of(place, ", after its last step"));
    if constexpr (EpochAware<BackboneT>) {
      policy_call(
          place, "the backbone's `end_epoch`", [] { return "what it gathers over epochs"; },
          [&] { backbone_.end_epoch({.epoch = epoch, .horizon = epochs()}); });
    }
    ++epochs_done_;
    drawn_ = std::exchange(drawing_, {});
    drawn_from_ = std::exchange(before_draw_, {});
    whole_.reset();
  }

  void expect_trainable() const {
    const int all = epochs();
    require<OptionError>(!finished_, options_.name, ": `fit` has finished the ", all,
                         " epochs of this tuner; make another tuner to train further");
    require<OptionError>(all >= 1, options_.name, ": the schedule has ", all, " epochs, expected at least 1");
    require<OptionError>(epochs_done_ <= all, options_.name, ": ", epochs_done_,
                         " epochs are done, the schedule has ", all);
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
  std::optional<TunerState> whole_;  // of the last whole epoch, while another one is trained
  std::string drawn_, drawing_;      // the batches of the last whole epoch, and of the one that is trained
  TensorMap drawn_from_, before_draw_;  // what the sampler kept before those were drawn
  int epochs_done_ = 0;
  bool finished_ = false;
};

}  // namespace detail

/// `PromptTuner(backbone, sampler, regularizer, schedule).fit(images)`: see `mao::Backbone`, `mao::Sampler`,
/// `mao::Regularizer`, `mao::Schedule` for what a policy must offer.
///
/// A wrong policy is answered by one sentence at the line that names the tuner.
template <class BackboneT, class SamplerT, class RegularizerT, class ScheduleT>
class PromptTuner : public std::conditional_t<explain::policies<BackboneT, SamplerT, RegularizerT, ScheduleT>,
                                              detail::PromptTunerImpl<BackboneT, SamplerT, RegularizerT, ScheduleT>,
                                              detail::RefusedTuner> {
  using Base =
      std::conditional_t<Tunable<BackboneT, SamplerT, RegularizerT, ScheduleT>,
                         detail::PromptTunerImpl<BackboneT, SamplerT, RegularizerT, ScheduleT>, detail::RefusedTuner>;

 public:
  using Base::Base;
};

template <class B, class S, class R, class Sch>
PromptTuner(B&, S, R, Sch) -> PromptTuner<B, S, R, Sch>;
template <class B, class S, class R, class Sch>
PromptTuner(B&, S, R, Sch, TunerOptions) -> PromptTuner<B, S, R, Sch>;

}  // namespace mao
