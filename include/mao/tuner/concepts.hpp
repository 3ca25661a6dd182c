// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The four policies of a tuner together.

#include <mao/backbones/concepts.hpp>
#include <mao/regularizers/concepts.hpp>
#include <mao/sampling/concepts.hpp>
#include <mao/schedules/concepts.hpp>

namespace mao {

/// Policies that a `PromptTuner` accepts.
template <class BackboneT, class SamplerT, class RegularizerT, class ScheduleT>
concept Tunable = Backbone<BackboneT> && Sampler<SamplerT> && Regularizer<RegularizerT> && Schedule<ScheduleT>;

/// A backbone that makes its own gradients out of the two losses (two backward passes, a projection).
template <class B>
concept CombinesLosses = Backbone<B> && requires(B& backbone, const Tensor& loss) {
  backbone.combine(loss, loss);
};

namespace explain {

/// Asks all four, so that each wrong policy is answered by one sentence.
template <class BackboneT, class SamplerT, class RegularizerT, class ScheduleT>
inline constexpr bool policies = (backbone<BackboneT>() & sampler<SamplerT>() & regularizer<RegularizerT>() &
                                  schedule<ScheduleT>()) != 0;

}  // namespace explain
}  // namespace mao
