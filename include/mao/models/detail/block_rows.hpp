// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What goes into a fused block (fused_block.hpp), comes out of it and stays behind for its backward pass.

#include <cstdint>

#include <mao/kernels/cpu/row_passes.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

/// What a block keeps for its backward pass.
struct KeptBlock {
  Tensor input, input_moments;    ///< [T + m, W], [T + m, 2] less the known rows
  Tensor qkv, query;              ///< [T + m, 3W]; or, where few rows are queries, [T + m, 2W] and [Q, W]
  Tensor attention;               ///< whatever the attention keeps
  Tensor middle, middle_moments;  ///< [Q, W], [Q, 2]
  Tensor slope;                   ///< [Q, M], of the activation
};

/// The residual stream between two blocks: rows, and what the lower block adds to them, which the first layer norm of
/// the upper one does on its way.
struct ResidualStream {
  Tensor rows;       ///< [T, W] fp32
  Unbiased added{};  ///< undefined when nothing is left to add

  [[nodiscard]] Tensor total() const { return added.rows.defined() ? add_rows(rows, added) : rows; }

  /// The layer norm of all, which is written to `sum`.
  Tensor normed(const NormWeights& norm, at::ScalarType type, Tensor& sum, Tensor& moments) const;
};

/// Queries, keys and values that were computed before: row i has number `chosen[i]` of the table. **Shapes** [k, 3W],
/// [n]; undefined where there are none.
struct KnownRows {
  Tensor table, chosen;
  [[nodiscard]] std::int64_t size() const { return chosen.defined() ? chosen.size(0) : 0; }
};

/// Which rows of a block's input are computed further.
struct BlockRows {
  std::int64_t live = 0;         ///< the first ones that go through the whole block (when `queries` is undefined)
  Tensor queries;                ///< [Q] or undefined: these rows alone go through the whole block
  std::int64_t wanted_from = 0;  ///< rows before it need no gradient
  KnownRows known{};             ///< of the first rows, of which none needs a gradient
};

}  // namespace mao::detail

#endif

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/block_rows.ipp>
#endif
