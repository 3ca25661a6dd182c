// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Image files to pixels, bit for bit what Pillow's `Image.open(path).convert("RGB")` gives.

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mao/core/error.hpp>
#include <mao/data/decode_jpeg.hpp>
#include <mao/data/decode_png.hpp>
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

inline std::vector<std::uint8_t> bytes_of_file(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  require<FileError>(stream.is_open() && !std::filesystem::is_directory(path), "cannot open the image ", path.string(),
                     ": ", errno != 0 ? std::strerror(errno) : "not a file");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(std::filesystem::file_size(path)));
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  require<FileError>(static_cast<std::size_t>(stream.gcount()) == bytes.size(), "reading the image ", path.string(),
                     " stopped after ", stream.gcount(), " of ", bytes.size(), " bytes");
  return bytes;
}

}  // namespace detail

/// The picture in a JPEG or PNG file; the kind is told by the first bytes, not by the name.
///
/// Grey is repeated, palettes are looked up, alpha is dropped, CMYK is converted as Pillow does, EXIF rotation is ignored.
///
/// **Throws** `FormatError` with `name` in the message when the bytes are no whole picture.
inline Image decode_image(std::span<const std::uint8_t> bytes, const std::string& name) {
  constexpr std::array<std::uint8_t, 3> jpeg{0xff, 0xd8, 0xff};
  constexpr std::array<std::uint8_t, 8> png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  require<FormatError>(!bytes.empty(), name, ": the image file is empty (0 bytes); download or copy it again");
  if (detail::begins_with(bytes, jpeg)) return detail::decode_jpeg(bytes, name);
  if (detail::begins_with(bytes, png)) return detail::decode_png(bytes, name);
  throw FormatError(text_of(name, ": ", bytes.size(), " bytes that begin like neither a JPEG nor a PNG; ",
                            "convert the picture to one of the two"));
}

/// Reads and decodes one file. **Throws** `FileError` when it cannot be read, `FormatError` when it is no whole picture.
inline Image read_image(const std::filesystem::path& path) {
  return decode_image(detail::bytes_of_file(path), path.string());
}

}  // namespace mao
