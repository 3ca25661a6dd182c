// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The requirements for samplers and text similarities, and the compiler errors for types that do not fulfil them.

#include <Eigen/Core>
#include <concepts>
#include <cstdint>
#include <mao/core/batch.hpp>
#include <mao/core/class_list.hpp>
#include <mao/core/random.hpp>
#include <ranges>
#include <string>
#include <type_traits>
#include <vector>

namespace mao {

struct ImageBatch;  // core/output.hpp

/// A sampler whose batches depend on the epoch (a curriculum).
template <class S>
concept FollowsEpochs = requires(S& sampler, Rng& rng, const EpochInfo& info) {
  { sampler.epoch(rng, info) } -> std::ranges::input_range;
  requires std::convertible_to<std::ranges::range_reference_t<decltype(sampler.epoch(rng, info))>, Batch>;
};

/// A sampler whose batches do not depend on the epoch.
template <class S>
concept IgnoresEpochs = requires(S& sampler, Rng& rng) {
  { sampler.epoch(rng) } -> std::ranges::input_range;
  requires std::convertible_to<std::ranges::range_reference_t<decltype(sampler.epoch(rng))>, Batch>;
};

/// Makes the batches of an epoch, new ones at each call, from its settings, `rng` and possibly the epoch. A sampler
/// that depends on its earlier calls `KeepsState`.
template <class S>
concept Sampler = FollowsEpochs<S> || IgnoresEpochs<S>;

/// A sampler or labeller that changes during use: its state is saved with the training state and restored when training
/// resumes. A state is a `std::string` or a `TensorMap`.
template <class P>
concept KeepsState = requires(P& policy, const P& constant) {
  policy.set_state(constant.state());
};

/// A sampler that completes a batch after its images are loaded; the tuner calls `label` before the forward pass.
template <class S>
concept LabelsBatches = requires(S& sampler, Batch& batch, const ImageBatch& images) {
  sampler.label(batch, images);
};

/// A sampler that states the number of images in its source; the tuner refuses a source with another number.
template <class S>
concept CountsImages = requires(const S& sampler) {
  { sampler.images() } -> std::convertible_to<std::int64_t>;
};

/// Cosines between texts: queries [Q] and candidates [C] -> [Q, C].
template <class S>
concept TextSimilarity = requires(const S& similarity, const std::vector<std::string>& names) {
  { similarity(names, names) } -> std::convertible_to<Eigen::MatrixXf>;
};

namespace explain {

/// True if `S` is a `Sampler`; otherwise compilation stops with the first missing member.
template <class S>
consteval bool sampler() {
  constexpr bool is_class = std::is_class_v<S>;
  static_assert(is_class,
                "mao: not a Sampler: this is not a class (a pointer?), pass the sampler itself by value; "
                "see docs/concepts/sampler.md");
  if constexpr (is_class) {
    constexpr bool draws = requires(S & s, Rng & rng) { s.epoch(rng); }
    || requires(S & s, Rng & rng, const EpochInfo& info) { s.epoch(rng, info); };
    constexpr bool draws_alone = !draws && requires(S & s) { s.epoch(); };
    constexpr bool misspelled =
        !draws && (
                      requires(S & s, Rng & rng) { s.sample(rng); } || requires(S & s, Rng & rng) { s.batches(rng); });
    static_assert(
        !draws_alone,
        "mao: not a Sampler: `epoch()` takes no generator, make it `epoch(mao::Rng&)` and draw from that alone; "
        "see docs/concepts/sampler.md");
    static_assert(!misspelled || draws_alone,
                  "mao: not a Sampler: no `epoch(mao::Rng&)`, rename `sample` or `batches` to `epoch`; "
                  "see docs/concepts/sampler.md");
    static_assert(draws || draws_alone || misspelled,
                  "mao: not a Sampler: no `epoch(mao::Rng&)`, add `std::vector<mao::Batch> epoch(mao::Rng&)`; "
                  "see docs/concepts/sampler.md");
    static_assert(!draws || Sampler<S>,
                  "mao: not a Sampler: `epoch(mao::Rng&)` does not return a range of mao::Batch, let it return "
                  "std::vector<mao::Batch>; see docs/concepts/sampler.md");
  }
  return Sampler<S>;
}

/// True if `S` is a `TextSimilarity`; otherwise compilation stops with the first missing member.
template <class S>
consteval bool text_similarity() {
  using Names = std::vector<std::string>;
  constexpr bool callable = requires(const S& s, const Names& names) { s(names, names); };
  constexpr bool callable_unless_const = requires(S & s, const Names& names) { s(names, names); };
  constexpr bool of_two_names = !callable && !callable_unless_const && requires(const S& s, const std::string& name) {
    s(name, name);
  };
  static_assert(callable || !callable_unless_const,
                "mao: not a TextSimilarity: its `operator()` is not const, add `const`; "
                "see docs/concepts/text_similarity.md");
  static_assert(!of_two_names,
                "mao: not a TextSimilarity: it compares two names, not two lists of names, let it take `const "
                "std::vector<std::string>& queries, const std::vector<std::string>& candidates` and return all cosines "
                "as Eigen::MatrixXf [queries, candidates]; see docs/concepts/text_similarity.md");
  static_assert(
      callable || callable_unless_const || of_two_names,
      "mao: not a TextSimilarity: not callable with two lists of names, add `Eigen::MatrixXf operator()(const "
      "std::vector<std::string>& queries, const std::vector<std::string>& candidates) const`; "
      "see docs/concepts/text_similarity.md");
  static_assert(!callable || TextSimilarity<S>,
                "mao: not a TextSimilarity: the call does not return the cosines as a matrix, let it return "
                "Eigen::MatrixXf of shape [queries, candidates]; see docs/concepts/text_similarity.md");
  return TextSimilarity<S>;
}

}  // namespace explain
}  // namespace mao
