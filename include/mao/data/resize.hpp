// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Antialiased resizing, bit for bit what Pillow's `Image.resize` gives.
///
/// Two passes over 8-bit pixels, columns first, with weights rounded to 22 bits. The algorithm is that of Pillow's
/// `Resample.c` (HPND licence).

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <mao/core/error.hpp>
#include <mao/data/image.hpp>
#include <vector>

namespace mao {

/// The kernel of a resize.
enum class Filter { bilinear, bicubic };

namespace detail {

inline constexpr int weight_bits = 22;
inline constexpr std::int32_t one_half = 1 << (weight_bits - 1);

inline double kernel_radius(Filter filter) { return filter == Filter::bicubic ? 2.0 : 1.0; }

/// Triangle, or Keys' cubic with a = -1/2.
inline double kernel(Filter filter, double x) {
  constexpr double a = -0.5;
  x = std::fabs(x);
  if (filter == Filter::bilinear) return x < 1.0 ? 1.0 - x : 0.0;
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

/// Which source pixels make a target pixel: `count` of them from `first` on.
struct Taps {
  int first = 0;
  int count = 0;
  std::vector<std::int32_t> weights;  // [count]
};

inline Taps taps_of(Filter filter, int source_size, int target_size, int target) {
  const double scale = static_cast<double>(source_size) / target_size;
  const double stretch = std::max(scale, 1.0);
  const double radius = kernel_radius(filter) * stretch;
  const double shrink = 1.0 / stretch;
  const double centre = (target + 0.5) * scale;
  Taps taps;
  taps.first = std::max(0, static_cast<int>(centre - radius + 0.5));
  taps.count = std::min(source_size, static_cast<int>(centre + radius + 0.5)) - taps.first;
  std::vector<double> weights(static_cast<std::size_t>(taps.count));
  double sum = 0.0;
  for (int i = 0; i < taps.count; ++i) {
    weights[static_cast<std::size_t>(i)] = kernel(filter, (i + taps.first - centre + 0.5) * shrink);
    sum += weights[static_cast<std::size_t>(i)];
  }
  for (double weight : weights) {
    if (sum != 0.0) weight /= sum;
    taps.weights.push_back(static_cast<std::int32_t>((weight < 0.0 ? -0.5 : 0.5) + weight * (1 << weight_bits)));
  }
  return taps;
}

/// The taps of the target pixels [begin, begin + count).
inline std::vector<Taps> all_taps(Filter filter, int source_size, int target_size, int begin, int count) {
  std::vector<Taps> taps;
  taps.reserve(static_cast<std::size_t>(count));
  for (int i = begin; i < begin + count; ++i) taps.push_back(taps_of(filter, source_size, target_size, i));
  return taps;
}

inline std::uint8_t rounded_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> weight_bits, 0, 255));
}

/// Resizes the columns of the source rows [top, top + rows).
inline Image resize_columns(const ImageView& source, const std::vector<Taps>& taps, int top, int rows) {
  Image result(static_cast<int>(taps.size()), rows);
  std::uint8_t* target = result.pixels.data();
  for (int y = 0; y < rows; ++y) {
    const std::uint8_t* row = source.row(top + y);
    for (const Taps& tap : taps) {
      const std::uint8_t* pixel = row + 3 * static_cast<std::size_t>(tap.first);
      std::int32_t red = one_half;
      std::int32_t green = one_half;
      std::int32_t blue = one_half;
      for (const std::int32_t weight : tap.weights) {
        red += pixel[0] * weight;
        green += pixel[1] * weight;
        blue += pixel[2] * weight;
        pixel += 3;
      }
      target[0] = rounded_byte(red);
      target[1] = rounded_byte(green);
      target[2] = rounded_byte(blue);
      target += 3;
    }
  }
  return result;
}

/// Adds `weight` times a row of bytes to the sums: plain arrays, so that the compiler vectorises it.
inline void add_weighted_row(std::int32_t* sums, const std::uint8_t* row, std::int32_t weight, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) sums[i] += row[i] * weight;
}

/// Resizes the rows; row 0 of `source` is row `top` of the picture that the taps speak of.
inline Image resize_rows(const ImageView& source, const std::vector<Taps>& taps, int top) {
  Image result(source.width, static_cast<int>(taps.size()));
  const std::size_t count = static_cast<std::size_t>(source.width) * 3;
  std::vector<std::int32_t> sums(count);
  std::uint8_t* target = result.pixels.data();
  for (const Taps& tap : taps) {
    std::fill(sums.begin(), sums.end(), one_half);
    for (int i = 0; i < tap.count; ++i) {
      add_weighted_row(sums.data(), source.row(tap.first - top + i), tap.weights[static_cast<std::size_t>(i)], count);
    }
    for (std::size_t i = 0; i < count; ++i) target[i] = rounded_byte(sums[i]);
    target += count;
  }
  return result;
}

}  // namespace detail

/// The part `keep` of the picture resized to `width` x `height`: equal to resizing and then cropping, but only the pixels
/// that are kept are computed.
///
/// **Throws** `OptionError` for an empty picture or size, and for a `keep` outside the resized picture.
inline Image resize(const ImageView& image, int width, int height, Filter filter, const Box& keep) {
  require<OptionError>(width > 0 && height > 0 && image.width > 0 && image.height > 0, "cannot resize ", image.width,
                       "x", image.height, " pixels to ", width, "x", height, "; both sizes must be at least 1x1");
  require<OptionError>(keep.left >= 0 && keep.top >= 0 && keep.width > 0 && keep.height > 0 &&
                           keep.width <= width - keep.left && keep.height <= height - keep.top,
                       "cannot keep ", keep.width, "x", keep.height, " pixels at (", keep.left, ", ", keep.top,
                       ") of a picture resized to ", width, "x", height, "; the rectangle must lie inside");
  if (width == image.width && height == image.height) return crop(image, keep);
  const auto columns = detail::all_taps(filter, image.width, width, keep.left, keep.width);
  const auto rows = detail::all_taps(filter, image.height, height, keep.top, keep.height);
  const int top = rows.front().first;
  const int bottom = rows.back().first + rows.back().count;
  return detail::resize_rows(detail::resize_columns(image, columns, top, bottom - top), rows, top);
}

/// The whole picture in a new size; a = -1/2, antialiased. **Throws** as `resize`.
inline Image resize_bicubic(const ImageView& image, int width, int height) {
  return resize(image, width, height, Filter::bicubic, {0, 0, width, height});
}

/// The whole picture in a new size, with a triangle kernel, antialiased. **Throws** as `resize`.
inline Image resize_bilinear(const ImageView& image, int width, int height) {
  return resize(image, width, height, Filter::bilinear, {0, 0, width, height});
}

}  // namespace mao
