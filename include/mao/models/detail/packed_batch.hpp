// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A text batch as packed attention (kernels/cuda/attention_layout.hpp) sees it.

#include <cstdint>
#include <vector>

#include <mao/kernels/cuda/attention_layout.hpp>
#include <mao/models/text_batch.hpp>

namespace mao::cuda {

/// The suffix tokens beyond the last row are padding.
inline PackedRows packed_rows(const TextBatch& batch) {
  return {.groups = batch.prefix.size(0),
          .prefix = batch.prefix.size(1),
          .offsets = batch.offsets,
          .group = batch.group,
          .suffix = batch.suffix.size(0)};
}

/// The last token of each row, numbered with the prefix tokens first. An empty row, which is padding too, gets a token
/// of the padding.
inline std::vector<std::int64_t> last_tokens(const TextBatch& batch) {
  const std::int64_t shared = batch.prefix.size(0) * batch.prefix.size(1);
  std::vector<std::int64_t> last;
  std::int64_t padding = batch.offsets.back();
  for (std::int64_t r = 0; r < batch.rows(); ++r) {
    const std::int64_t end = batch.offsets[static_cast<std::size_t>(r) + 1];
    last.push_back(shared + (batch.suffix_length(r) > 0 ? end - 1 : padding++));
  }
  return last;
}

}  // namespace mao::cuda
