// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/text_batch.hpp>

#include <algorithm>
#include <utility>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE std::int64_t TextBatch::longest_suffix() const {
  std::int64_t longest = 0;
  for (std::int64_t row = 0; row < rows(); ++row) longest = std::max(longest, suffix_length(row));
  return longest;
}

MAO_INLINE void TextBatch::check() const {
  expect_shape(prefix, {-1, -1, -1}, "TextBatch::prefix");
  expect_shape(suffix, {-1, prefix.size(2)}, "TextBatch::suffix");
  require<ShapeError>(offsets.size() == group.size() + 1 && offsets.front() == 0 && offsets.back() == suffix.size(0),
                      "TextBatch: ", group.size(), " rows need ", group.size() + 1, " offsets from 0 to ",
                      suffix.size(0), ", got ", offsets_text());
  require<ShapeError>(suffix_ids.empty() || std::ssize(suffix_ids) == suffix.size(0),
                      "TextBatch: ", suffix_ids.size(), " ids of ", suffix.size(0),
                      " suffix tokens; expected one each, or none");
  for (std::size_t row = 0; row < group.size(); ++row) {
    require<ShapeError>(offsets[row] < offsets[row + 1], "TextBatch: row ", row, " has no token after its prefix");
    require<ShapeError>(group[row] >= 0 && group[row] < prefix.size(0), "TextBatch: row ", row,
                        " refers to prefix group ", group[row], ", there are ", prefix.size(0));
  }
}

}  // namespace mao
