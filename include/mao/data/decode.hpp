// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Image files to pixels, bit for bit what Pillow's `Image.open(path).convert("RGB")` gives.

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <mao/data/image.hpp>
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

/// The picture in a JPEG, PNG or WEBP file (WEBP where libwebp is); the kind is told by the first bytes, not by the name.
///
/// Grey is repeated, palettes are looked up, alpha is dropped, CMYK is converted as Pillow does, EXIF rotation is
/// ignored, of an animated WEBP the first frame is taken.
///
/// **Throws** `FormatError` with `name` in the message when the bytes are no whole picture.
Image decode_image(std::span<const std::uint8_t> bytes, const std::string& name);

/// Reads and decodes one file. **Throws** `FileError` when it cannot be read, `FormatError` when it is no whole picture.
inline Image read_image(const std::filesystem::path& path) {
  return decode_image(detail::bytes_of_file(path), path.string());
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/decode.ipp>
#endif
