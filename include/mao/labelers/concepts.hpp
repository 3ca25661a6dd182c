// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The requirements for pseudo-labellers, and the compiler errors for types that do not fulfil them.

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <vector>
#include <mao/core/class_list.hpp>

namespace mao {

struct ImageBatch;  // core/output.hpp

/// Labels from a model for the images of a batch.
///
/// **Shapes** `labels` [B], positions in the bound `ClassList`; `confidence` [B] in [0, 1], or empty if not
/// known; `probabilities` [B, C] row by row, or empty.
struct PseudoLabels {
  std::vector<std::int64_t> labels;
  std::vector<float> confidence;          ///< 0: the image has no label and does not count in the loss
  std::vector<float> probabilities = {};  ///< soft labels: train towards this distribution over all C classes
};

/// Labels each image of a batch.
template <class L>
concept PseudoLabeler = requires(L& labeler, const ImageBatch& images) {
  { labeler.label(images) } -> std::convertible_to<PseudoLabels>;
};

namespace explain {

/// True if `L` is a `PseudoLabeler`; otherwise compilation stops with the first missing member.
template <class L>
consteval bool pseudo_labeler() {
  constexpr bool is_class = std::is_class_v<L>;
  static_assert(is_class,
                "mao: not a PseudoLabeler: this is not a class (a pointer?), pass the labeller itself by value; "
                "see docs/concepts/pseudo_labeler.md");
  if constexpr (is_class) {
    constexpr bool labels = requires(L & l, const ImageBatch& images) { l.label(images); };
    constexpr bool callable = !labels && requires(L & l, const ImageBatch& images) { l(images); };
    static_assert(!callable,
                  "mao: not a PseudoLabeler: it is a function of the images, rename its `operator()` to `label`; "
                  "see docs/concepts/pseudo_labeler.md");
    static_assert(labels || callable,
                  "mao: not a PseudoLabeler: no `label(const mao::ImageBatch&)`, add `mao::PseudoLabels label(const "
                  "mao::ImageBatch& images)`; see docs/concepts/pseudo_labeler.md");
    static_assert(!labels || PseudoLabeler<L>,
                  "mao: not a PseudoLabeler: `label(const mao::ImageBatch&)` returns something else, let it return "
                  "mao::PseudoLabels; see docs/concepts/pseudo_labeler.md");
  }
  return PseudoLabeler<L>;
}

/// True if `L` states the classes that its labels refer to; otherwise compilation stops.
template <class L>
consteval bool stated_labels() {
  static_assert(!PseudoLabeler<L> || StatesClasses<L>,
                "mao: this PseudoLabeler does not say which classes its labels are positions in: name them before it, "
                "`mao_new(backbone, classes, count, labeler)` or `PseudoLabelSampler(count, classes, labeler)`, or add "
                "`const mao::ClassList& classes() const` to it; see docs/concepts/pseudo_labeler.md");
  return StatesClasses<L>;
}

}  // namespace explain
}  // namespace mao
