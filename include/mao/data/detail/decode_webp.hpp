// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// WEBP to RGB through libwebp, with the pixels that Pillow's `convert("RGB")` gives. The CMake target says with
/// `MAO_HAS_WEBP` whether the library is there; without it WEBP is refused.

#include <cstdint>
#include <mao/core/error.hpp>
#include <mao/data/image.hpp>
#include <mao/data/transparency.hpp>
#include <span>
#include <string>

namespace mao {

/// Whether this build reads WEBP.
#ifdef MAO_HAS_WEBP
inline constexpr bool reads_webp = true;
#else
inline constexpr bool reads_webp = false;
#endif

namespace detail {

bool is_webp(std::span<const std::uint8_t> bytes);

#ifdef MAO_HAS_WEBP

/// The decoder that Pillow uses for every WEBP: the canvas with the first frame on it. A file whose
/// header states no alpha has nothing to put white behind, as in Pillow.
///
/// **Throws** `FormatError` naming the file for anything that is not a whole WEBP.
Image decode_webp(std::span<const std::uint8_t> bytes, const std::string& name,
                  Transparency transparency = Transparency::drop);

#else

[[noreturn]] inline Image decode_webp(std::span<const std::uint8_t>, const std::string& name,
                                      Transparency = Transparency::drop) {
  throw FormatError(name +
                    ": a WEBP image, and this mao was built without libwebp; convert the image to JPEG or "
                    "PNG, or install libwebp-dev and build again");
}

#endif

}  // namespace detail

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/detail/impl/decode_webp.ipp>
#endif
