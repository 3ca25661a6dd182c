// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// JPEG to RGB through libjpeg, with the pixels that Pillow's `convert("RGB")` gives.

#include <cstdint>
#include <mao/data/image.hpp>
#include <span>
#include <string>

namespace mao::detail {

/// No picture may have more pixels than this (Pillow's own limit): a short file that claims more is not a photograph.
inline constexpr std::int64_t largest_picture = 178'956'970;

void require_sane_size(std::int64_t width, std::int64_t height, const std::string& name);

inline std::uint8_t cmyk_channel(int ink, int paper) {
  const int product = ink * paper + 128;
  const int value = paper - (((product >> 8) + product) >> 8);  // paper - round(ink * paper / 255)
  return static_cast<std::uint8_t>(value < 0 ? 0 : value);
}

/// One row of CMYK (as Adobe's programs store it: inverted) to RGB.
void rgb_from_cmyk(const std::uint8_t* cmyk, std::uint8_t* rgb, int width);

/// **Throws** `FormatError` naming the file for anything that is not a whole JPEG of 8 bits a channel.
Image decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& name);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/detail/impl/decode_jpeg.ipp>
#endif
