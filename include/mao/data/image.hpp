// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Pixels in memory, as 8-bit RGB.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mao/core/error.hpp>
#include <vector>

namespace mao {

/// A picture, rows from the top, red green blue per pixel.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;  ///< [height, width, 3]

  Image() = default;
  /// A black picture.
  Image(int columns, int rows)
      : width(columns), height(rows), pixels(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows) * 3) {}

  friend bool operator==(const Image&, const Image&) = default;
};

/// A rectangle of a picture, in pixels.
struct Box {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;

  friend bool operator==(const Box&, const Box&) = default;
};

/// A picture, or a rectangle of one, that somebody else owns.
struct ImageView {
  const std::uint8_t* first = nullptr;  ///< the top left pixel
  int width = 0;
  int height = 0;
  std::size_t stride = 0;  ///< bytes from one row to the next

  ImageView(const Image& image)  // NOLINT: an image is a view of itself
      : first(image.pixels.data()),
        width(image.width),
        height(image.height),
        stride(static_cast<std::size_t>(image.width) * 3) {}
  ImageView(const ImageView& whole, const Box& box)
      : first(whole.row(box.top) + 3 * static_cast<std::size_t>(box.left)),
        width(box.width),
        height(box.height),
        stride(whole.stride) {}

  [[nodiscard]] const std::uint8_t* row(int y) const { return first + static_cast<std::size_t>(y) * stride; }
};

/// The rectangle of a picture, without copying. **Throws** `OptionError` when it is empty or reaches outside.
inline ImageView crop_view(const ImageView& image, const Box& box) {
  const bool inside = box.left >= 0 && box.top >= 0 && box.width > 0 && box.height > 0 &&
                      box.width <= image.width - box.left && box.height <= image.height - box.top;
  require<OptionError>(inside, "cannot crop ", box.width, "x", box.height, " pixels at (", box.left, ", ", box.top,
                       ") from a picture of ", image.width, "x", image.height, "; the rectangle must lie inside");
  return {image, box};
}

/// A copy of the pixels that a view shows.
inline Image copy_of(const ImageView& view) {
  Image result(view.width, view.height);
  const std::size_t row_bytes = static_cast<std::size_t>(view.width) * 3;
  for (int y = 0; y < view.height; ++y) {
    std::copy_n(view.row(y), row_bytes, result.pixels.data() + static_cast<std::size_t>(y) * row_bytes);
  }
  return result;
}

/// The rectangle as a picture of its own. **Throws** `OptionError` when it is empty or reaches outside.
inline Image crop(const ImageView& image, const Box& box) { return copy_of(crop_view(image, box)); }

/// The picture mirrored left to right.
inline Image flip(const ImageView& image) {
  Image result(image.width, image.height);
  std::uint8_t* target = result.pixels.data();
  for (int y = 0; y < image.height; ++y) {
    for (int x = image.width - 1; x >= 0; --x, target += 3) std::copy_n(image.row(y) + 3 * x, 3, target);
  }
  return result;
}

}  // namespace mao
