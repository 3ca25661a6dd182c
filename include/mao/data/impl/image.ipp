// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/image.hpp>

#include <algorithm>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE ImageView::ImageView(const Image& image)  // NOLINT: an image is a view of itself
    : first(image.pixels.data()),
      width(image.width),
      height(image.height),
      stride(static_cast<std::size_t>(image.width) * 3) {}

MAO_INLINE ImageView::ImageView(const ImageView& whole, const Box& box)
    : first(whole.row(box.top) + 3 * static_cast<std::size_t>(box.left)),
      width(box.width),
      height(box.height),
      stride(whole.stride) {}

MAO_INLINE ImageView crop_view(const ImageView& image, const Box& box) {
  const bool inside = box.left >= 0 && box.top >= 0 && box.width > 0 && box.height > 0 &&
                      box.width <= image.width - box.left && box.height <= image.height - box.top;
  require<OptionError>(inside, "cannot crop ", box.width, "x", box.height, " pixels at (", box.left, ", ", box.top,
                       ") from an image of ", image.width, "x", image.height, "; the rectangle must lie inside");
  return {image, box};
}

MAO_INLINE Image copy_of(const ImageView& view) {
  Image result(view.width, view.height);
  const std::size_t row_bytes = static_cast<std::size_t>(view.width) * 3;
  for (int y = 0; y < view.height; ++y) {
    std::copy_n(view.row(y), row_bytes, result.pixels.data() + static_cast<std::size_t>(y) * row_bytes);
  }
  return result;
}

MAO_INLINE Image flip(const ImageView& image) {
  Image result(image.width, image.height);
  std::uint8_t* target = result.pixels.data();
  for (int y = 0; y < image.height; ++y) {
    for (int x = image.width - 1; x >= 0; --x, target += 3) std::copy_n(image.row(y) + 3 * x, 3, target);
  }
  return result;
}

}  // namespace mao
