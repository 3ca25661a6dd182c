// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One step of training: a prompt-tuning method, what a batch is made of, which loss it is judged by, how long and how
/// fast.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <mao/tuner/detail/state.hpp>
#include <mao/tuner/step.hpp>

namespace mao {

namespace detail {

/// Epochs of steps, for any policies.
class TrainingLoop : TrainingStep {
 public:
  using Options = TunerOptions;

  /// Trains until the schedule ends or `observer.should_stop` says so; after a stop, the next call begins at the last
  /// whole epoch. Image positions of the sampler refer to `images`.
  ///
  /// **Throws** `NumericError` naming step and tensor when a value stops being finite, `PolicyError` naming step and
  /// policy when one does not do what its concept says, `OptionError` when the backbone is bound to other classes than
  /// the tuner was made for, when the sampler is for another number of images, when the training is finished already or
  /// has no epochs, or when `workers` cannot share the batches of this method or loss, `DataError` when no step changed
  /// anything.
  FitResult fit(ImageSource& images, const Observer& observer = {});

  /// A copy of the state at the end of the last whole epoch.
  [[nodiscard]] TunerState state() const;

  /// Continues from a state. **Throws** `ShapeError` when it belongs to another method, `OptionError` that lists both
  /// when it belongs to other classes, another optimizer, seed, rate or sampler.
  void resume(const TunerState& state);

  [[nodiscard]] const Options& options() const { return options_; }

 protected:
  /// What a resumed training must share with the saved one.
  using Training = std::map<std::string, std::string>;

  TrainingLoop(std::unique_ptr<BackboneCalls> backbone, std::unique_ptr<PolicyCalls> policies, Options options,
               const std::function<Training(const Optimizer&)>& training);

  [[nodiscard]] const PolicyCalls& policies() const { return *policies_; }

 private:
  /// False when asked to stop before the epoch's end.
  bool run_epoch(ImageSource& images, const Observer& observer);

  /// The batches of an epoch, which the sampler has to draw alike whenever it is asked.
  std::vector<Batch> begun(int epoch, std::int64_t images);
  void end(int epoch);
  void expect_trainable() const;
  [[nodiscard]] TunerState current_state() const;

  /// The batches of the last epoch of a state as this sampler draws them; the sampler is as it was afterwards.
  std::string drawn_again(const TunerState& state);
  void restore(const TunerState& state);

  Training training_;
  std::optional<TunerState> whole_;     // of the last whole epoch, while another one is trained
  std::string drawn_, drawing_;         // the batches of the last whole epoch, and of the one that is trained
  TensorMap drawn_from_, before_draw_;  // what the sampler kept before those were drawn
  int epochs_done_ = 0;
  bool finished_ = false;
};

/// The loop with its policies.
template <class BackboneT, class SamplerT, class RegularizerT, class ScheduleT>
class PromptTunerImpl : public TrainingLoop {
  using Policies = PoliciesOf<SamplerT, RegularizerT, ScheduleT>;

 public:
  /// The backbone is shared, not copied: the next step trains on from it. The tuner is for the classes that it is bound
  /// to now. **Throws** `OptionError` when the sampler, its labeller or the regularizer says that it is for others.
  PromptTunerImpl(BackboneT& backbone, SamplerT sampler, RegularizerT regularizer, ScheduleT schedule,
                  Options options = {})
      : PromptTunerImpl(backbone,
                        std::make_unique<Policies>(std::move(sampler), std::move(regularizer), std::move(schedule)),
                        std::move(options)) {}

  [[nodiscard]] const ScheduleT& schedule() const { return static_cast<const Policies&>(policies()).schedule; }

 private:
  PromptTunerImpl(BackboneT& backbone, std::unique_ptr<Policies>&& policies, Options options)
      : PromptTunerImpl(backbone, *policies, std::move(policies), std::move(options)) {}

  PromptTunerImpl(BackboneT& backbone, const Policies& held, std::unique_ptr<Policies>&& policies, Options options)
      : TrainingLoop(std::make_unique<CallsOf<BackboneT>>(backbone), std::move(policies), options,
                     [&](const Optimizer& optimizer) {
                       return training_of(backbone, held.sampler, held.regularizer, held.schedule, optimizer,
                                          options.seed, options.augment);
                     }) {}
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

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/prompt_tuner.ipp>
#endif
