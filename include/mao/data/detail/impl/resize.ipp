// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/detail/resize.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

MAO_INLINE std::uint8_t rounded_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> weight_bits, 0, 255));
}

/// The resized pixels [begin, weights.size()) of one row.
MAO_INLINE void resize_row(const std::uint8_t* row, const ResizeWeights& weights, int begin, std::uint8_t* target) {
  for (int i = begin; i < weights.size(); ++i, target += 3) {
    const std::uint8_t* pixel = row + 3 * static_cast<std::size_t>(weights.first(i));
    std::int32_t red = one_half;
    std::int32_t green = one_half;
    std::int32_t blue = one_half;
    for (const std::int32_t weight : weights.of(i)) {
      red += pixel[0] * weight;
      green += pixel[1] * weight;
      blue += pixel[2] * weight;
      pixel += 3;
    }
    target[0] = rounded_byte(red);
    target[1] = rounded_byte(green);
    target[2] = rounded_byte(blue);
  }
}

MAO_INLINE Image resize_columns(const ImageView& source, const ResizeWeights& weights, int top, int rows, bool avx2) {
  Image result(weights.size(), rows);
  const std::size_t row_bytes = static_cast<std::size_t>(weights.size()) * 3;
  const PackedColumnWeights packed(weights);
  const int fast = avx2 ? packed.safe_pixels(weights, source.width) : 0;
  for (int y = 0; y < rows; ++y) {
    std::uint8_t* target = result.pixels.data() + static_cast<std::size_t>(y) * row_bytes;
#if MAO_HAS_AVX2_RESIZE
    if (fast > 0) resize_row_avx2(source.row(top + y), weights, packed, fast, target);
#endif
    resize_row(source.row(top + y), weights, fast, target + 3 * static_cast<std::size_t>(fast));
  }
  return result;
}

/// Adds `weight` times a row of bytes to the sums: plain arrays, so that the compiler vectorises it.
MAO_INLINE void add_weighted_row(std::int32_t* sums, const std::uint8_t* row, std::int32_t weight, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) sums[i] += row[i] * weight;
}

/// The weighted sum of rows that are `stride` bytes apart.
MAO_INLINE void sum_rows(const std::uint8_t* rows, std::size_t stride, std::span<const std::int32_t> weights,
                         std::vector<std::int32_t>& sums, std::uint8_t* target) {
  std::ranges::fill(sums, one_half);
  for (const std::int32_t weight : weights) {
    add_weighted_row(sums.data(), rows, weight, sums.size());
    rows += stride;
  }
  for (std::size_t i = 0; i < sums.size(); ++i) target[i] = rounded_byte(sums[i]);
}

MAO_INLINE Image resize_rows(const ImageView& source, const ResizeWeights& weights, int top, bool avx2) {
  Image result(source.width, weights.size());
  const std::size_t count = static_cast<std::size_t>(source.width) * 3;
  const std::size_t fast = avx2 ? count / 16 * 16 : 0;
  std::vector<std::int32_t> sums(count - fast);
  PackedRowWeights packed;
  std::uint8_t* target = result.pixels.data();
  for (int y = 0; y < weights.size(); ++y, target += count) {
    const std::uint8_t* rows = source.row(weights.first(y) - top);
#if MAO_HAS_AVX2_RESIZE
    if (fast > 0) packed.assign(weights.of(y));
    for (std::size_t x = 0; x < fast; x += 16) sum_rows_avx2(rows + x, source.stride, packed, target + x);
#endif
    if (fast < count) sum_rows(rows + fast, source.stride, weights.of(y), sums, target + fast);
  }
  return result;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Image resize(const ImageView& image, int width, int height, Filter filter, const Box& keep) {
  require<OptionError>(width > 0 && height > 0 && image.width > 0 && image.height > 0, "cannot resize ", image.width,
                       "x", image.height, " pixels to ", width, "x", height, "; both sizes must be at least 1x1");
  require<OptionError>(keep.left >= 0 && keep.top >= 0 && keep.width > 0 && keep.height > 0 &&
                           keep.width <= width - keep.left && keep.height <= height - keep.top,
                       "cannot keep ", keep.width, "x", keep.height, " pixels at (", keep.left, ", ", keep.top,
                       ") of an image resized to ", width, "x", height, "; the rectangle must lie inside");
  if (width == image.width && height == image.height) return crop(image, keep);
  const detail::ResizeWeights columns(filter, image.width, width, keep.left, keep.width);
  const detail::ResizeWeights rows(filter, image.height, height, keep.top, keep.height);
  const int top = rows.first(0);
  return detail::resize_rows(detail::resize_columns(image, columns, top, rows.end() - top), rows, top);
}

}  // namespace mao
