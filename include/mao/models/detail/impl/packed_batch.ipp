// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/packed_batch.hpp>

#include <mao/config.hpp>

namespace mao::cuda {

MAO_INLINE PackedRows packed_rows(const TextBatch& batch) {
  return {.groups = batch.prefix.size(0),
          .prefix = batch.prefix.size(1),
          .offsets = batch.offsets,
          .group = batch.group,
          .suffix = batch.suffix.size(0)};
}

MAO_INLINE std::vector<std::int64_t> last_tokens(const TextBatch& batch) {
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
