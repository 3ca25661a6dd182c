// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Sizes rounded up to a few buckets, so that a step captured as a CUDA graph fits many batches. No ATen.

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include <mao/core/error.hpp>

namespace mao::cuda {

/// The sizes that a captured step was made for.
struct Bucket {
  std::int64_t rows = 0;    ///< class prompts, H
  std::int64_t tokens = 0;  ///< suffix tokens, N

  friend auto operator<=>(const Bucket&, const Bucket&) = default;
};

/// 8, 16, 32, then multiples of 32.
inline std::int64_t row_bucket(std::int64_t rows) {
  require<ShapeError>(rows > 0, "row_bucket: ", rows, " rows, expected at least one");
  for (const std::int64_t size : {8, 16, 32}) {
    if (rows <= size) return size;
  }
  return (rows + 31) / 32 * 32;
}

/// Multiples of 64 up to 512, then of an eighth of the power of two below: at most an eighth more than asked for.
inline std::int64_t token_bucket(std::int64_t tokens) {
  require<ShapeError>(tokens > 0, "token_bucket: ", tokens, " tokens, expected at least one");
  std::int64_t step = 64;
  while (tokens > 16 * step) step *= 2;
  return (tokens + step - 1) / step * step;
}

/// The bucket of a batch of `offsets` [R + 1]: it has a token of padding for each row of padding, which that can be
/// read out at.
inline Bucket bucket_of(const std::vector<std::int64_t>& offsets) {
  require<ShapeError>(offsets.size() > 1, "bucket_of: ", offsets.size(),
                      " offsets, expected those of at least one row");
  const std::int64_t given = static_cast<std::int64_t>(offsets.size()) - 1, rows = row_bucket(given);
  return {rows, token_bucket(offsets.back() + rows - given)};
}

/// Adds empty rows (of prefix group 0) up to the bucket. The suffix tokens that the bucket has beyond `offsets.back()`
/// belong to no row: kernels/cuda/attention.hpp leaves them out.
///
/// **Throws** `ShapeError` when the bucket is smaller than the batch.
inline void pad_rows(std::vector<std::int64_t>& offsets, std::vector<std::int64_t>& group, const Bucket& bucket) {
  const auto rows = static_cast<std::int64_t>(group.size());
  require<ShapeError>(bucket.rows >= rows && !offsets.empty() && bucket.tokens >= offsets.back(), "pad_rows: ", rows,
                      " rows do not fit a bucket of ", bucket.rows, " rows and ", bucket.tokens, " tokens");
  offsets.resize(static_cast<std::size_t>(bucket.rows) + 1, offsets.back());
  group.resize(static_cast<std::size_t>(bucket.rows), 0);
}

}  // namespace mao::cuda
