// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The tuner of each stage, with policies chosen at run time.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <mao/tuner/recipes.hpp>

#include "methods/method.hpp"
#include "tune/labelers.hpp"
#include "tune/own_policies.hpp"

namespace mao_program {

/// A tuner chosen at run time.
struct AnyTuner {
  std::function<FitResult(ImageSource&, const Observer&)> fit;
  std::function<TunerState()> state;
  std::function<void(const TunerState&)> resume;
  TunerOptions settings;

  [[nodiscard]] const TunerOptions& options() const { return settings; }
};

template <class TunerT>
AnyTuner any_tuner(TunerT tuner) {
  const auto shared = std::make_shared<TunerT>(std::move(tuner));
  return {[shared](ImageSource& images, const Observer& observer) { return shared->fit(images, observer); },
          [shared] { return shared->state(); }, [shared](const TunerState& state) { shared->resume(state); },
          shared->options()};
}

/// Makes the tuner of each stage with the policies that the settings name, for `run_base_to_new`.
class StageTuners {
 public:
  /// **Throws** `OptionError` for a sampler or regularizer that this program does not know (another one trained it), and
  /// for SigLIP's loss with a model without a logit bias.
  StageTuners(const OpenedModel& opened, const MethodSettings& settings);

  /// Whether a sampler of the program's own draws the batches, so that nothing asks for a similarity.
  [[nodiscard]] bool draws_itself() const { return make_sampler_ != nullptr; }

  AnyTuner operator()(AnyBackbone& backbone, const TaskHalf& base, const PlainOptions& options) const;
  AnyTuner operator()(AnyBackbone& backbone, const TaskHalf& base, const Similarity& similarity,
                      const MaoBaseOptions& options) const;
  AnyTuner operator()(AnyBackbone& backbone, const TaskHalf& fresh, AnyLabeler labeler,
                      const MaoNewOptions& options) const;

 private:
  /// One of the program's own for the stage. **Throws** `OptionError` when it mines negatives for a method that has no
  /// use for them.
  [[nodiscard]] AnySampler sampler(const AnyBackbone& backbone, const StageContext& stage) const;

  std::string method_, sampler_;
  MakeSampler make_sampler_;          ///< empty: the stage's own
  MakeRegularizer make_regularizer_;  ///< empty: the stage's own
};

}  // namespace mao_program
