// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a sampler keeps, and what it draws, in a form that can be saved and compared.

#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include <mao/core/detail/policy_call.hpp>
#include <mao/core/tensor.hpp>
#include <mao/sampling/concepts.hpp>

namespace mao {

namespace detail {

TensorMap copies_of(const TensorMap& tensors);

/// A text as a tensor of its bytes, and back.
Tensor bytes_of(const std::string& text);
std::string text_in(const Tensor& bytes);

}  // namespace detail

/// What a sampler, or its labeller, keeps; nothing where it keeps none.
template <class SamplerT>
TensorMap sampler_state(const SamplerT& sampler, const StepPlace& place = {}) {
  if constexpr (KeepsState<SamplerT>) {
    using State = std::remove_cvref_t<decltype(sampler.state())>;
    static_assert(std::same_as<State, std::string> || std::same_as<State, TensorMap>,
                  "mao: `state()` of a sampler or labeller returns something else, let it return std::string or "
                  "mao::TensorMap; see docs/concepts/sampler.md");
    const State state = policy_call(
        place, "the sampler's `state`", [] { return "what `set_state` takes"; }, [&] { return sampler.state(); });
    if constexpr (std::same_as<State, TensorMap>) return detail::copies_of(state);
    if constexpr (std::same_as<State, std::string>) return {{"text", detail::bytes_of(state)}};
  }
  return {};
}

/// Puts it back.
template <class SamplerT>
void restore_sampler(SamplerT& sampler, const TensorMap& state, const StepPlace& place) {
  if constexpr (KeepsState<SamplerT>) {
    const auto put = [&](const auto& kept) {
      policy_call(
          place, "the sampler's `set_state`", [] { return "a sampler that takes what its `state` gave"; },
          [&] { sampler.set_state(kept); });
    };
    if constexpr (std::same_as<std::remove_cvref_t<decltype(sampler.state())>, TensorMap>) {
      put(detail::copies_of(state));
    } else if constexpr (std::same_as<std::remove_cvref_t<decltype(sampler.state())>, std::string>) {
      const auto text = state.find("text");
      require<OptionError>(text != state.end(), place, ": the saved state holds none of the sampler, which keeps one");
      put(detail::text_in(text->second));
    }
  } else {
    require<OptionError>(state.empty(), place,
                         ": the saved state holds one of the sampler, but this sampler keeps none");
  }
}

/// A short text for the batches of an epoch: how many, of how many images, and a number over all that is in them.
std::string text_of_batches(const std::vector<Batch>& batches);

/// **Throws** `OptionError` when a sampler drew other batches for an epoch that it was asked for again.
void expect_same_batches(const std::string& before, const std::string& now, const std::string& name);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/detail/impl/sampler_state.ipp>
#endif
