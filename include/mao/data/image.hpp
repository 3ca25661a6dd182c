// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Pixels in memory, as 8-bit RGB.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mao {

/// A picture: rows from the top; red, green, blue per pixel.
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

/// A picture, or a rectangle of one, without ownership.
struct ImageView {
  const std::uint8_t* first = nullptr;  ///< the top left pixel
  int width = 0;
  int height = 0;
  std::size_t stride = 0;  ///< bytes from one row to the next

  ImageView(const Image& image);
  ImageView(const ImageView& whole, const Box& box);

  [[nodiscard]] const std::uint8_t* row(int y) const { return first + static_cast<std::size_t>(y) * stride; }
};

/// The rectangle of a picture, without copying. **Throws** `OptionError` if it is empty or reaches outside.
ImageView crop_view(const ImageView& image, const Box& box);

/// A copy of the pixels that a view shows.
Image copy_of(const ImageView& view);

/// The rectangle as a new picture. **Throws** `OptionError` if it is empty or reaches outside.
inline Image crop(const ImageView& image, const Box& box) { return copy_of(crop_view(image, box)); }

/// The picture mirrored left to right.
Image flip(const ImageView& image);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/image.ipp>
#endif
