// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The classes of a loss, and the loss itself.

#include <concepts>

#include <mao/core/output.hpp>

namespace mao {

/// Chooses the candidate classes of a batch before the forward pass, and computes the whole task loss over them.
///
/// What the compiler cannot check: every label of the batch is among the candidates; the loss is a differentiable
/// scalar.
template <class R>
concept Regularizer = requires(const R& regularizer, const Batch& batch, const ClassList& classes,
                               const Output& output) {
  { regularizer.candidates(batch, classes) } -> std::same_as<Candidates>;
  { regularizer(output, batch) } -> std::same_as<Tensor>;
};

namespace explain {

/// True for a `Regularizer`; otherwise the compiler says what is missing.
template <class R>
consteval bool regularizer() {
  constexpr bool candidates = requires(const R& r, const Batch& b, const ClassList& c) {
    { r.candidates(b, c) } -> std::same_as<Candidates>;
  };
  static_assert(
      candidates,
      "mao: not a Regularizer: needs `Candidates candidates(const Batch&, const ClassList&) const`, asked before the "
      "forward pass; see docs/concepts/regularizer.md");
  constexpr bool loss = requires(const R& r, const Output& o, const Batch& b) {
    { r(o, b) } -> std::same_as<Tensor>;
  };
  static_assert(
      loss,
      "mao: not a Regularizer: needs `Tensor operator()(const Output&, const Batch&) const`, the whole task loss; see "
      "docs/concepts/regularizer.md");
  return Regularizer<R>;
}

}  // namespace explain
}  // namespace mao
