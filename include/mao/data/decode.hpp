// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Decodes image files to the same pixels, bit for bit, as Pillow's `Image.open(path).convert("RGB")`, or as the same
/// after white was put behind what is transparent.

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <mao/data/image.hpp>
#include <mao/data/transparency.hpp>
#include <span>
#include <string>
#include <vector>

namespace mao {

namespace detail {

template <std::size_t Count>
bool begins_with(std::span<const std::uint8_t> bytes, const std::array<std::uint8_t, Count>& magic) {
  return bytes.size() >= Count && std::equal(magic.begin(), magic.end(), bytes.begin());
}

std::vector<std::uint8_t> bytes_of_file(const std::filesystem::path& path);

}  // namespace detail

/// Decodes a JPEG, PNG or (with libwebp) WEBP file. The first bytes decide the format, not the name.
///
/// Grey is repeated, palettes are looked up, alpha is dropped unless `transparency` says otherwise, CMYK is converted
/// as in Pillow, EXIF rotation is ignored, and the first frame of an animated WEBP is used.
///
/// **Throws** `FormatError` with `name` in the message if the bytes are not a complete picture.
Image decode_image(std::span<const std::uint8_t> bytes, const std::string& name,
                   Transparency transparency = Transparency::drop);

/// Reads and decodes a file. **Throws** `FileError` if it cannot be read, `FormatError` if the picture is incomplete.
inline Image read_image(const std::filesystem::path& path, Transparency transparency = Transparency::drop) {
  return decode_image(detail::bytes_of_file(path), path.string(), transparency);
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/decode.ipp>
#endif
