// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Sizes rounded up to a few buckets, so that a step captured as a CUDA graph fits many batches. No ATen.

#include <cstdint>
#include <vector>

namespace mao::cuda {

/// The sizes that a captured step was made for.
struct Bucket {
  std::int64_t rows = 0;    ///< class prompts, H
  std::int64_t tokens = 0;  ///< suffix tokens, N

  friend auto operator<=>(const Bucket&, const Bucket&) = default;
};

/// 8, 16, 32, then multiples of 32.
std::int64_t row_bucket(std::int64_t rows);

/// Multiples of 64 up to 512, then of an eighth of the power of two below: at most an eighth more than asked for.
std::int64_t token_bucket(std::int64_t tokens);

/// The bucket of a batch of `offsets` [R + 1]: it has a token of padding for each row of padding, which that can be
/// read out at.
Bucket bucket_of(const std::vector<std::int64_t>& offsets);

/// Adds empty rows (of prefix group 0) up to the bucket. The suffix tokens that the bucket has beyond `offsets.back()`
/// belong to no row: kernels/cuda/attention.hpp leaves them out.
///
/// **Throws** `ShapeError` when the bucket is smaller than the batch.
void pad_rows(std::vector<std::int64_t>& offsets, std::vector<std::int64_t>& group, const Bucket& bucket);

}  // namespace mao::cuda

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/kernels/cuda/impl/buckets.ipp>
#endif
