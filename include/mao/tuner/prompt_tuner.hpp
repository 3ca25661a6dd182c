// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One stage of training: a prompt-tuning method, the batches, the loss, and the number of epochs with their learning
/// rates.

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <mao/tuner/detail/epoch.hpp>
#include <mao/tuner/detail/observers.hpp>

namespace mao {

namespace detail {

/// The training loop for any policies.
class TrainingLoop : public TrainingEpoch {
 public:
  /// Trains until the end of the schedule or until an observer's `should_stop` returns true; the next call then
  /// continues after the last complete epoch. The sampler's positions refer to `images`. Observers are called in order.
  ///
  /// **Throws** `NumericError` naming step and tensor if a value is not finite; `PolicyError` naming step and policy if
  /// a policy does not fulfil its concept; `OptionError` if the backbone is bound to other classes than the tuner was
  /// made for, if the sampler is for another number of images, if training is already finished or has no epochs, or if
  /// `workers` cannot share the batches of this method or loss; `DataError` if no step changed
  /// anything.
  FitResult fit(ImageSource& images, const Observer& observer = {}) {
    return trained(images, Observers({hooks_of(observer)}));
  }
  template <class First, class... Others>
  FitResult fit(ImageSource& images, First&& first, Others&&... others) {
    return trained(images, Observers({hooks_of(first), hooks_of(others)...}));
  }
  /// A pointer is refused in a sentence.
  template <explain::PointsToImages P, class... Others>
  FitResult fit(const P&, Others&&...) {
    static_assert(!explain::PointsToImages<P>,
                  "mao: `fit` takes the image source itself and not a pointer to it: `tuner.fit(*images)`; see "
                  "docs/reference/tuner.md");
    return {};
  }

 protected:
  using TrainingEpoch::TrainingEpoch;

 private:
  FitResult trained(ImageSource& images, const Observers& observers);

  /// The reason why an observer stopped before the end of the epoch; empty: none did.
  std::string run_epoch(ImageSource& images, const Observers& observers);

  /// If an observer completes the training after an epoch, parameters stay as they are: a method that replaces its
  /// parameters at the end (`Finishes`) does so only after all epochs.
  void finish_early(const Observers& observers, FitResult& result);

  std::vector<EpochReport> history_;
};

/// The training loop with its policies.
template <class BackboneT, class SamplerT, class RegularizerT, class ScheduleT>
class PromptTunerImpl : public TrainingLoop {
  using Policies = PoliciesOf<SamplerT, RegularizerT, ScheduleT>;

 public:
  /// The backbone is shared, not copied, and must live as long, so the next stage continues with it. A tuner can be
  /// moved, not copied. It is for the classes that the backbone is bound to now. **Throws** `OptionError` if the
  /// sampler, its labeller or the regularizer states other classes, or for a setting out of range.
  PromptTunerImpl(BackboneT& backbone, SamplerT sampler, RegularizerT regularizer, ScheduleT schedule,
                  Options options = {})
      : PromptTunerImpl(backbone,
                        std::make_unique<Policies>(std::move(sampler), std::move(regularizer), std::move(schedule)),
                        std::move(options)) {}

  /// A temporary backbone would be gone before it is trained.
  PromptTunerImpl(const BackboneT&&, SamplerT, RegularizerT, ScheduleT, Options = {}) = delete;

  [[nodiscard]] const ScheduleT& schedule() const { return static_cast<const Policies&>(*policies_).schedule; }

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
/// `mao::Regularizer`, `mao::Schedule` for the requirements.
///
/// A wrong policy causes one compiler error of one sentence, at the line that names the tuner.
template <class BackboneT, class SamplerT, class RegularizerT, class ScheduleT>
class PromptTuner : public std::conditional_t<explain::policies<BackboneT, SamplerT, RegularizerT, ScheduleT>(),
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
template <class B, class... Others>
requires(sizeof...(Others) == 1 || sizeof...(Others) == 2) PromptTuner(B&, Others...)
->PromptTuner<explain::Missing, explain::Missing, explain::Missing, explain::Missing>;
template <class B, class S, class R, class Sch>
PromptTuner(const B&&, S, R, Sch) -> PromptTuner<explain::Temporary<B>, S, R, Sch>;
template <class B, class S, class R, class Sch>
PromptTuner(const B&&, S, R, Sch, TunerOptions) -> PromptTuner<explain::Temporary<B>, S, R, Sch>;

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/prompt_tuner.ipp>
#endif
