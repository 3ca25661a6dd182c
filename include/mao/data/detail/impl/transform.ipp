// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/detail/transform.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <mao/config.hpp>
#include <mao/data/detail/resize.hpp>

namespace mao::detail {

/// The value of each byte after scaling to [0, 1] and normalising, in float as torchvision computes it.
MAO_INLINE std::array<float, 256> channel_values(float mean, float deviation) {
  std::array<float, 256> values{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    values[byte] = (static_cast<float>(byte) / 255.0F - mean) / deviation;
  }
  return values;
}

/// The largest size of this shape in R x R, rounded as open_clip's ResizeKeepRatio does.
MAO_INLINE EvaluationGeometry geometry_within(int width, int height, double side) {
  const double ratio = std::max(height / side, width / side);
  const int columns = rounded_half_even(width / ratio), rows = rounded_half_even(height / ratio);
  return {columns, rows, {0, 0, columns, rows}};
}

MAO_INLINE EvaluationGeometry evaluation_geometry(int width, int height, const Preprocess& preprocess) {
  const int side = preprocess.short_side(), square = preprocess.resolution;
  if (preprocess.mode == ResizeMode::longest) return geometry_within(width, height, square);
  EvaluationGeometry result{side, side, {0, 0, square, square}};
  const auto stretched = [side](int longer, int shorter) {
    return static_cast<int>(static_cast<double>(side) * longer / shorter);  // truncated, as torchvision does
  };
  const bool keeps_shape = preprocess.mode == ResizeMode::shortest;
  if (keeps_shape && width <= height) result.height = stretched(height, width);
  if (keeps_shape && width > height) result.width = stretched(width, height);
  const auto begin = [&](int whole) {
    return preprocess.crop_rounds_down ? (whole - square) / 2 : rounded_half_even((whole - square) / 2.0);
  };
  result.kept.left = begin(result.width);
  result.kept.top = begin(result.height);
  return result;
}

MAO_INLINE Image padded(const Image& image, int side, int fill) {
  Image result(side, side);
  std::ranges::fill(result.pixels, static_cast<std::uint8_t>(fill));
  const auto left = static_cast<std::size_t>((side - image.width) / 2);
  const auto top = static_cast<std::size_t>((side - image.height) / 2);
  const std::size_t row_bytes = 3 * static_cast<std::size_t>(image.width);
  for (std::size_t y = 0; y < static_cast<std::size_t>(image.height); ++y) {
    std::copy_n(image.pixels.data() + y * row_bytes, row_bytes,
                result.pixels.data() + 3 * ((top + y) * static_cast<std::size_t>(side) + left));
  }
  return result;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE void normalise(const ImageView& image, const Preprocess& preprocess, float* out, bool mirrored) {
  for (std::size_t channel = 0; channel < 3; ++channel) {
    const auto values = detail::channel_values(preprocess.mean[channel], preprocess.deviation[channel]);
    for (int y = 0; y < image.height; ++y, out += image.width) {
      const std::uint8_t* pixel = image.row(y) + channel;
      if (mirrored) {
        for (int x = image.width - 1; x >= 0; --x, pixel += 3) out[x] = values[*pixel];
      } else {
        for (int x = 0; x < image.width; ++x, pixel += 3) out[x] = values[*pixel];
      }
    }
  }
}

MAO_INLINE Image evaluation_pixels(const ImageView& image, const Preprocess& preprocess) {
  const auto [width, height, kept] = detail::evaluation_geometry(image.width, image.height, preprocess);
  Image pixels = resize(image, width, height, preprocess.filter, kept);
  if (preprocess.mode != ResizeMode::longest) return pixels;
  return detail::padded(pixels, preprocess.resolution, preprocess.fill);
}

}  // namespace mao

namespace mao::detail {

/// A training view before it is mirrored, and whether it is to be.
struct CroppedView {
  Image pixels;
  bool mirrored;
};

MAO_INLINE CroppedView cropped_view(const ImageView& image, int resolution, const Augment& augment, Rng rng) {
  const Box box = random_crop(image.width, image.height, augment, rng);
  const bool mirrored = rng.uniform() < augment.flip;
  return {resize_bicubic(crop_view(image, box), resolution, resolution), mirrored};
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Image augmented_pixels(const ImageView& image, int resolution, const Augment& augment, Rng rng) {
  auto view = detail::cropped_view(image, resolution, augment, rng);
  return view.mirrored ? flip(view.pixels) : std::move(view.pixels);
}

MAO_INLINE void evaluation_view(const ImageView& image, const Preprocess& preprocess, float* out) {
  const Image pixels = evaluation_pixels(image, preprocess);
  normalise(pixels, preprocess, out);
}

MAO_INLINE void augmented_view(const ImageView& image, const Preprocess& preprocess, const Augment& augment, Rng rng,
                               float* out) {
  const auto view = detail::cropped_view(image, preprocess.resolution, augment, rng);
  normalise(view.pixels, preprocess, out, view.mirrored);
}

}  // namespace mao
