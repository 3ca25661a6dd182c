// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/token_layout.hpp>

#include <algorithm>
#include <functional>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

MAO_INLINE void check_offsets(at::IntArrayRef offsets, std::int64_t tokens) {
  const bool ends = offsets.size() >= 2 && offsets.front() == 0 && offsets.back() == tokens;
  const bool rises = std::adjacent_find(offsets.begin(), offsets.end(), std::greater_equal<>()) == offsets.end();
  require<ShapeError>(ends && rises, "offsets ", shape_text(offsets), " do not cut ", tokens, " packed tokens into ",
                      "rows: expected 0, ..., ", tokens, ", rising, since every row needs a token");
}

MAO_INLINE TokenLayout packed_layout(at::IntArrayRef offsets, const at::Device& device) {
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
