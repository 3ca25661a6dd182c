// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/detail/select_rows.hpp>

#include <ATen/ops/tensor.h>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE TextBatch select_rows(const TextBatch& batch, const std::vector<std::int64_t>& rows) {
  TextBatch result{.prefix = batch.prefix, .suffix = {}, .offsets = {0}, .group = {}, .starts = batch.starts};
  std::vector<std::int64_t> tokens;
  for (const std::int64_t row : rows) {
    require<ShapeError>(row >= 0 && row < batch.rows(), "select_rows: row ", row, " of ", batch.rows());
    const auto r = static_cast<std::size_t>(row);
    for (std::int64_t token = batch.offsets[r]; token < batch.offsets[r + 1]; ++token) tokens.push_back(token);
    result.offsets.push_back(static_cast<std::int64_t>(tokens.size()));
    result.group.push_back(batch.group[r]);
  }
  if (!batch.suffix_ids.empty()) {
    for (const std::int64_t token : tokens) result.suffix_ids.push_back(batch.suffix_ids[static_cast<std::size_t>(token)]);
  }
  result.suffix = batch.suffix.index_select(0, at::tensor(tokens).to(batch.suffix.device()));
  return result;
}

}  // namespace mao
