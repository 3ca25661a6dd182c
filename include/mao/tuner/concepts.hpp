// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Requirements for the four policies of a tuner together.

#include <concepts>
#include <string>
#include <type_traits>

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

/// Checks a backbone that is chosen at run time as the compiler checks a type. **Throws** `OptionError` for a method
/// that cannot use hard negatives; `name` is that of the stage.
void expect_mining(const BackboneTraits& traits, const std::string& name);

/// **Throws** `OptionError` if a sampler states another number of images than the source has. `name` is that of the
/// stage.
template <class SamplerT>
void expect_counted(const SamplerT& sampler, std::int64_t images, const std::string& name) {
  if constexpr (CountsImages<SamplerT>) {
    require<OptionError>(sampler.images() == images, name, ": the sampler is for ", sampler.images(),
                         " images, the source has ", images,
                         ", so its labels would be those of other images; give "
                         "`fit` the source that the labels belong to, and the sampler the label of each of its images");
  }
}

namespace explain {

/// True for policies that work together; otherwise the compiler says why they do not.
template <class BackboneT, class SamplerT>
consteval bool composition() {
  if constexpr (Backbone<BackboneT> && MinesNegatives<SamplerT>) {
    static_assert(
        !BringsNegatives<BackboneT>,
        "mao: this backbone brings its own hard negatives (DPC), MAO's base stage would mine them twice: tune "
        "the host with MAO, then this method with its own sampler; see docs/concepts/backbone.md");
    static_assert(!IgnoresLabels<BackboneT>,
                  "mao: this backbone has no loss over labels (PromptKD), so reg-B and hard negatives have nothing to "
                  "act on: use Plain, or MaoNew on images of the new classes; see docs/concepts/backbone.md");
  }
  return true;
}

/// True if the policies are in the right order; otherwise the compiler says which two are swapped.
template <class SamplerT, class RegularizerT, class ScheduleT>
consteval bool in_order() {
  constexpr bool first = !Sampler<SamplerT> && Regularizer<SamplerT> && Sampler<RegularizerT>;
  constexpr bool last = !Regularizer<RegularizerT> && Schedule<RegularizerT> && Regularizer<ScheduleT>;
  constexpr bool ends = !Sampler<SamplerT> && Schedule<SamplerT> && Sampler<ScheduleT>;
  static_assert(
      !first,
      "mao: the sampler and the regularizer are swapped (arguments 2 and 3); the order is PromptTuner(backbone, "
      "sampler, regularizer, schedule); see docs/guides/write-a-policy.md");
  static_assert(!last,
                "mao: the regularizer and the schedule are swapped (arguments 3 and 4); the order is "
                "PromptTuner(backbone, sampler, regularizer, schedule); see docs/guides/write-a-policy.md");
  static_assert(!ends,
                "mao: the sampler and the schedule are swapped (arguments 2 and 4); the order is PromptTuner(backbone, "
                "sampler, regularizer, schedule); see docs/guides/write-a-policy.md");
  return !first && !last && !ends;
}

/// In the place of policies that were not given.
struct Missing {};

/// A pointer to images, which `fit` does not take.
template <class P>
concept PointsToImages = requires(const P& pointer) {
  { *pointer } -> std::convertible_to<const ImageSource&>;
};

/// Checks all four, so that each wrong policy causes one compiler error of one sentence.
template <class BackboneT, class SamplerT, class RegularizerT, class ScheduleT>
consteval bool policies() {
  constexpr bool complete = !std::is_same_v<BackboneT, Missing>;
  static_assert(complete,
                "mao: a tuner takes four policies, PromptTuner(backbone, sampler, regularizer, schedule), and one is "
                "missing: mao::CrossEntropy{} is the usual regularizer; see docs/guides/write-a-policy.md");
  if constexpr (!complete) {
    return false;
  } else if constexpr (in_order<SamplerT, RegularizerT, ScheduleT>()) {
    return (backbone<BackboneT>() & sampler<SamplerT>() & regularizer<RegularizerT>() & schedule<ScheduleT>() &
            composition<BackboneT, SamplerT>()) != 0;
  }
  return false;
}

}  // namespace explain
}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/concepts.ipp>
#endif
