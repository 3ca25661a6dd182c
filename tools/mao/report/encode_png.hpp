// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// RGB to PNG bytes, through libpng's simplified interface.

#include <png.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mao/core/error.hpp>
#include <mao/data/image.hpp>
#include <vector>

namespace mao {

/// The picture as the bytes of a PNG file, without loss; the same picture gives the same bytes.
///
/// **Throws** `ShapeError` for a picture without pixels or with too few of them, `FormatError` when libpng refuses.
inline std::vector<std::uint8_t> encode_png(const Image& image) {
  const std::size_t expected = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3;
  require<ShapeError>(image.width > 0 && image.height > 0 && image.pixels.size() == expected, "cannot encode ",
                      image.width, "x", image.height, " pixels from ", image.pixels.size(), " bytes, expected ",
                      "a width and a height above 0 and three bytes for each pixel");
  png_image header;
  std::memset(&header, 0, sizeof header);
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  const auto write = [&](void* target) {
    const int ok = png_image_write_to_memory(&header, target, &size, 0, image.pixels.data(), 0, nullptr);
    require<FormatError>(ok != 0, "libpng cannot encode ", image.width, "x", image.height,
                         " pixels: ", static_cast<const char*>(header.message));
  };
  write(nullptr);  // asks for the size alone
  std::vector<std::uint8_t> bytes(size);
  write(bytes.data());
  bytes.resize(size);
  return bytes;
}

}  // namespace mao
