// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where the tokens of rows of different lengths stand: one after another (packed), and in a rectangle (padded).

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include <mao/core/tensor.hpp>

namespace mao::detail {

/// N rows of at most L tokens, T tokens in all. `slots` and `places` are undefined, and `offsets` empty, when the tokens are padded
/// already.
struct TokenLayout {
  std::int64_t rows = 0;
  std::int64_t length = 0;
  Tensor mask;       ///< [N, L] bool: where a token stands
  Tensor positions;  ///< [T] position of each token in its row
  Tensor row_of;     ///< [T] row of each token
  Tensor slots;      ///< [N*L] packed token of each place; 0 where there is none, which the mask hides
  Tensor places;     ///< [T] place (row * L + position) of each token
  std::vector<std::int64_t> offsets;  ///< N + 1 values: where each row begins among the packed tokens
};

/// **Throws** ShapeError unless `offsets` rises from 0 to `tokens` without an empty row.
inline void check_offsets(at::IntArrayRef offsets, std::int64_t tokens) {
  const bool ends = offsets.size() >= 2 && offsets.front() == 0 && offsets.back() == tokens;
  const bool rises = std::adjacent_find(offsets.begin(), offsets.end(), std::greater_equal<>()) == offsets.end();
  require<ShapeError>(ends && rises, "offsets ", shape_text(offsets), " do not cut ", tokens, " packed tokens into ",
                      "rows: expected 0, ..., ", tokens, ", rising, since every row needs a token");
}

inline TokenLayout packed_layout(at::IntArrayRef offsets, const at::Device& device) {
  TokenLayout layout;
  layout.rows = static_cast<std::int64_t>(offsets.size()) - 1;
  layout.offsets = offsets.vec();
  for (std::size_t i = 1; i < offsets.size(); ++i) layout.length = std::max(layout.length, offsets[i] - offsets[i - 1]);
  layout.mask = at::zeros({layout.rows, layout.length}, at::kBool);
  layout.slots = at::zeros({layout.rows * layout.length}, at::kLong);
  for (Tensor* indices : {&layout.positions, &layout.row_of, &layout.places}) {
    *indices = at::empty({offsets.back()}, at::kLong);
  }
  auto* mask = layout.mask.mutable_data_ptr<bool>();
  auto* slots = layout.slots.mutable_data_ptr<std::int64_t>();
  auto* positions = layout.positions.mutable_data_ptr<std::int64_t>();
  auto* row_of = layout.row_of.mutable_data_ptr<std::int64_t>();
  auto* places = layout.places.mutable_data_ptr<std::int64_t>();
  for (std::int64_t row = 0; row < layout.rows; ++row) {
    const std::int64_t begin = offsets[static_cast<std::size_t>(row)];
    const std::int64_t end = offsets[static_cast<std::size_t>(row) + 1];
    for (std::int64_t token = begin; token < end; ++token) {
      const std::int64_t place = row * layout.length + token - begin;
      mask[place] = true;
      slots[place] = token;
      positions[token] = token - begin;
      row_of[token] = row;
      places[token] = place;
    }
  }
  for (Tensor* part : {&layout.mask, &layout.positions, &layout.row_of, &layout.slots, &layout.places}) {
    *part = part->to(device);
  }
  return layout;
}

}  // namespace mao::detail
