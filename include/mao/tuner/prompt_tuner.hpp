// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One step of training: a prompt-tuning method, what a batch is made of, which loss it is judged by, how long and how
/// fast.

#include <type_traits>
#include <utility>
#include <vector>

#include <mao/tuner/detail/observers.hpp>
#include <mao/tuner/detail/epoch.hpp>

namespace mao {

namespace detail {

template <class BackboneT, class SamplerT, class RegularizerT, class ScheduleT>
class PromptTunerImpl : public TrainingEpoch<BackboneT, SamplerT, RegularizerT, ScheduleT> {
  using Epochs = TrainingEpoch<BackboneT, SamplerT, RegularizerT, ScheduleT>;
  using Epochs::begun, Epochs::stepped, Epochs::ended, Epochs::expect_ready, Epochs::epochs, Epochs::workers,
      Epochs::epochs_done_, Epochs::finished_, Epochs::options_;

 public:
  using Options = TunerOptions;

  /// The backbone is shared, not copied: the next step trains on from it. The tuner is for the classes that it is bound
  /// to now. **Throws** `OptionError` when the sampler, its labeller or the regularizer says that it is for others, or
  /// for a setting out of range.
  PromptTunerImpl(BackboneT& backbone, SamplerT sampler, RegularizerT regularizer, ScheduleT schedule,
                  Options options = {})
      : Epochs(backbone, std::move(sampler), std::move(regularizer), std::move(schedule), std::move(options)) {}

  /// Trains until the schedule ends or an observer's `should_stop` says so; after a stop, the next call begins at the
  /// last whole epoch. Image positions of the sampler refer to `images`. Observers are told in order.
  ///
  /// **Throws** `NumericError` naming step and tensor when a value stops being finite, `PolicyError` naming step and
  /// policy when one does not do what its concept says, `OptionError` when the backbone is bound to other classes than
  /// the tuner was made for, when the sampler is for another number of images, when the training is finished already or
  /// has no epochs, or when `workers` cannot share the batches of this method or loss, `DataError` when no step changed
  /// anything.
  FitResult fit(ImageSource& images, const Observer& observer = {}) {
    return trained(images, Observers({hooks_of(observer)}));
  }
  template <class First, class... Others>
  FitResult fit(ImageSource& images, First&& first, Others&&... others) {
    return trained(images, Observers({hooks_of(first), hooks_of(others)...}));
  }

 private:
  FitResult trained(ImageSource& images, const Observers& observers) {
    const double start = seconds_now();
    expect_ready(images);
    observers.start({.stage = options_.name, .epochs = epochs(), .epochs_done = epochs_done_});
    FitResult result = FitResult::Stopped;
    while (epochs_done_ < epochs() && !finished_ && result.why.empty()) {
      result.why = run_epoch(images, observers);
      if (result.why.empty()) finish_early(observers, result);
    }
    if (result.why.empty()) {
      Epochs::finish();
      result.why = text_of("all ", epochs(), " epochs are done");
    }
    if (finished_) result.end = FitResult::Finished;
    result.stage = options_.name;
    result.epochs = history_;
    result.seconds = seconds_now() - start;
    observers.end(result);
    return result;
  }

  /// Why an observer asked to stop before the epoch's end; empty: none did.
  std::string run_epoch(ImageSource& images, const Observers& observers) {
    for (Batch& batch : begun(images)) {
      const std::string reason = observers.stop();
      if (sums_over(workers(), {reason.empty() ? 0.0 : 1.0})[0] > 0) {
        return reason.empty() ? "another process was asked to stop" : reason;
      }
      stepped(batch, observers);
    }
    history_.push_back(ended(observers));
    observers.epoch(history_.back());
    return {};
  }

  /// A training that an observer calls complete after an epoch ends as it is: a method that replaces its parameters in
  /// the end (`Finishes`) has done so for all epochs or not at all.
  void finish_early(const Observers& observers, FitResult& result) {
    if (epochs_done_ == epochs()) return;
    result.why = observers.finish();
    finished_ = sums_over(workers(), {result.why.empty() ? 0.0 : 1.0})[0] > 0;
    if (finished_ && result.why.empty()) result.why = "another process called the training complete";
  }

  std::vector<EpochReport> history_;
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
