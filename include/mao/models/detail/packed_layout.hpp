// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How rows of different lengths lie in the packed text tower.

#include <limits>

#include <ATen/ops/full.h>

#include <mao/models/text_batch.hpp>

namespace mao {

namespace detail {

/// -inf where a query must not see: query i sees keys 0 .. offset + i. **Shape** [queries, keys].
inline Tensor causal_mask(std::int64_t queries, std::int64_t keys, std::int64_t offset, at::TensorOptions options) {
  return at::full({queries, keys}, -std::numeric_limits<float>::infinity(), options).triu(offset + 1);
}

/// Index tensors between packed suffix tokens [N] and padded ones [R, L].
struct PackedLayout {
  Tensor gather;     ///< [R * L] packed token of each padded cell (its row's first where there is none)
  Tensor scatter;    ///< [N] padded cell of each packed token
  Tensor positions;  ///< [N] position of each packed token in its sequence
  Tensor last;       ///< [R] packed index of the last token of each row
  Tensor group;      ///< [R]
  Tensor read_mask;  ///< [R, 1, 1, P + L] additive: what the last token of each row sees
  std::int64_t longest = 0;

  static PackedLayout of(const TextBatch& batch);
};

}  // namespace detail
}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/packed_layout.ipp>
#endif
