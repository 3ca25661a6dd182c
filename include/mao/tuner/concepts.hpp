// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The four policies of a tuner together.

#include <string>

#include <mao/backbones/concepts.hpp>
#include <mao/core/error.hpp>
#include <mao/regularizers/concepts.hpp>
#include <mao/sampling/concepts.hpp>
#include <mao/schedules/concepts.hpp>

namespace mao {

/// Policies that a `PromptTuner` accepts.
template <class BackboneT, class SamplerT, class RegularizerT, class ScheduleT>
concept Tunable = Backbone<BackboneT> && Sampler<SamplerT> && Regularizer<RegularizerT> && Schedule<ScheduleT>;

/// A sampler that adds hard negatives to a batch.
template <class S>
concept MinesNegatives = S::mines_negatives;

/// What the compiler asks of a backbone's type, asked of one that is chosen at run time. **Throws** `OptionError` for a
/// method on which hard negatives have nothing to act; `name` is the step's.
void expect_mining(const BackboneTraits& traits, const std::string& name);

/// **Throws** `OptionError` when a sampler that counts its images is given a source of another number. `name` is the
/// step's.
template <class SamplerT>
void expect_counted(const SamplerT& sampler, std::int64_t images, const std::string& name) {
  if constexpr (CountsImages<SamplerT>) {
    require<OptionError>(sampler.images() == images, name, ": the sampler is for ", sampler.images(),
                         " images, the source has ", images, ", so its labels would be those of other images; give "
                         "`fit` the source that the labels belong to, and the sampler the label of each of its images");
  }
}

namespace explain {

/// True for policies that make sense together; otherwise the compiler says why they do not.
template <class BackboneT, class SamplerT>
consteval bool composition() {
  if constexpr (Backbone<BackboneT> && MinesNegatives<SamplerT>) {
    static_assert(!BringsNegatives<BackboneT>,
                  "mao: this backbone brings its own hard negatives (DPC), MAO's base stage would mine them twice: tune "
                  "the host with MAO, then this method with its own sampler; see docs/concepts/backbone.md");
    static_assert(!IgnoresLabels<BackboneT>,
                  "mao: this backbone has no loss over labels (PromptKD), so reg-B and hard negatives have nothing to "
                  "act on: use Plain, or MaoNew on images of the new classes; see docs/concepts/backbone.md");
  }
  return true;
}

/// Checks all four, so that each wrong policy causes one compiler error of one sentence.
template <class BackboneT, class SamplerT, class RegularizerT, class ScheduleT>
inline constexpr bool policies = (backbone<BackboneT>() & sampler<SamplerT>() & regularizer<RegularizerT>() &
                                  schedule<ScheduleT>() & composition<BackboneT, SamplerT>()) != 0;

}  // namespace explain
}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/concepts.ipp>
#endif
