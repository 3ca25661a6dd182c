// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The places of tokens of rows with different lengths: one after another (packed), and in a rectangle (padded).

#include <cstdint>
#include <vector>

#include <mao/core/tensor.hpp>

namespace mao::detail {

/// N rows of at most L tokens, T tokens in all. `slots` and `places` are undefined, and `offsets` empty, when the tokens are padded
/// already.
struct TokenLayout {
  std::int64_t rows = 0;
  std::int64_t length = 0;
  Tensor mask;       ///< [N, L] bool: true if there is a token
  Tensor positions;  ///< [T] position of each token in its row
  Tensor row_of;     ///< [T] row of each token
  Tensor slots;      ///< [N*L] packed token of each place; 0 if there is none (the mask hides it)
  Tensor places;     ///< [T] place (row * L + position) of each token
  std::vector<std::int64_t> offsets;  ///< N + 1 values: where each row begins among the packed tokens
};

/// **Throws** ShapeError unless `offsets` increases from 0 to `tokens` without an empty row.
void check_offsets(at::IntArrayRef offsets, std::int64_t tokens);

TokenLayout packed_layout(at::IntArrayRef offsets, const at::Device& device);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/impl/token_layout.ipp>
#endif
