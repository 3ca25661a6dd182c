// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/kernels/cuda/buckets.hpp>

#include <cstddef>
#include <string>
#include <tuple>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::cuda {

MAO_INLINE std::int64_t row_bucket(std::int64_t rows) {
  require<ShapeError>(rows > 0, "row_bucket: ", rows, " rows, expected at least one");
  for (const std::int64_t size : {8, 16, 32}) {
    if (rows <= size) return size;
  }
  return (rows + 31) / 32 * 32;
}

MAO_INLINE std::int64_t token_bucket(std::int64_t tokens) {
  require<ShapeError>(tokens > 0, "token_bucket: ", tokens, " tokens, expected at least one");
  std::int64_t step = 64;
  while (tokens > 16 * step) step *= 2;
  return (tokens + step - 1) / step * step;
}

MAO_INLINE Bucket bucket_of(const std::vector<std::int64_t>& offsets) {
  require<ShapeError>(offsets.size() > 1, "bucket_of: ", offsets.size(),
                      " offsets, expected those of at least one row");
  const std::int64_t given = static_cast<std::int64_t>(offsets.size()) - 1, rows = row_bucket(given);
  return {rows, token_bucket(offsets.back() + rows - given)};
}

MAO_INLINE void pad_rows(std::vector<std::int64_t>& offsets, std::vector<std::int64_t>& group, const Bucket& bucket) {
  const auto rows = static_cast<std::int64_t>(group.size());
  require<ShapeError>(bucket.rows >= rows && !offsets.empty() && bucket.tokens >= offsets.back(), "pad_rows: ", rows,
                      " rows do not fit a bucket of ", bucket.rows, " rows and ", bucket.tokens, " tokens");
  offsets.resize(static_cast<std::size_t>(bucket.rows) + 1, offsets.back());
  group.resize(static_cast<std::size_t>(bucket.rows), 0);
}

}  // namespace mao::cuda
