// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What becomes of a picture's transparency.
///
/// **Source** Pillow 13: `Image.alpha_composite` over opaque white. transformers 5.24: `convert_to_rgb`.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mao {

/// How the transparent pixels of a PNG or WEBP become RGB.
enum class Transparency {
  drop,  ///< the colour that is stored under the transparency is kept, as Pillow's `convert("RGB")` does
  white  ///< white is put behind the picture, as transformers 5 does
};

inline const char* name_of(Transparency transparency) {
  return transparency == Transparency::drop ? "dropped" : "over white";
}

namespace detail {

/// A byte of colour with this alpha before white, rounded to the nearest. There are no ties, as 255 is odd.
inline std::uint8_t over_white(std::uint8_t colour, std::uint8_t alpha) {
  return static_cast<std::uint8_t>((colour * alpha + 255 * (255 - alpha) + 127) / 255);
}

/// RGB of RGBA: over white, or the stored colour.
inline void rgb_from_rgba(const std::uint8_t* rgba, std::vector<std::uint8_t>& rgb, bool blends) {
  for (std::size_t i = 0; i < rgb.size(); ++i) {
    const std::uint8_t* const pixel = rgba + i / 3 * 4;
    rgb[i] = blends ? over_white(pixel[i % 3], pixel[3]) : pixel[i % 3];
  }
}

}  // namespace detail

}  // namespace mao
