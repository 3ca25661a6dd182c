// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Rows of a text batch for a tower in which every token sees all others: prefix and suffix of each together.

#include <cstdint>
#include <vector>

#include <mao/models/text_batch.hpp>

namespace mao::detail {

/// All rows, one after another. **Shapes** tokens [T, W]; offsets R + 1 values, row r is offsets[r] up to
/// offsets[r + 1].
struct WholeRows {
  Tensor tokens;
  std::vector<std::int64_t> offsets;

  static WholeRows of(const TextBatch& batch);
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/whole_rows.ipp>
#endif
