// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// PNG to RGB through libpng, with the pixels that Pillow's `convert("RGB")` gives.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mao/data/image.hpp>
#include <mao/data/transparency.hpp>
#include <optional>
#include <span>
#include <string>

namespace mao::detail {

/// 16-bit grey as Pillow shows it: everything above 255 is white.
inline void rgb_from_deep_grey(const std::uint8_t* grey, std::uint8_t* rgb, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) std::fill_n(rgb + 3 * i, 3, grey[2 * i] != 0 ? 255 : grey[2 * i + 1]);
}

/// What Pillow finds in tRNS: the last such chunk before the pixels. Nothing without one.
std::optional<std::span<const std::uint8_t>> transparent_entries(std::span<const std::uint8_t> bytes);

/// **Throws** `FormatError` naming the file for anything that is not a whole PNG, and, over white, for a tRNS chunk
/// that Pillow refuses.
Image decode_png(std::span<const std::uint8_t> bytes, const std::string& name,
                 Transparency transparency = Transparency::drop);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/detail/impl/decode_png.ipp>
#endif
