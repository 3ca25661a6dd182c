// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/decode.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/data/detail/decode_jpeg.hpp>
#include <mao/data/detail/decode_png.hpp>
#include <mao/data/detail/decode_webp.hpp>
#include <mao/data/detail/native_path.hpp>

namespace mao::detail {

/// The format of a file that mao does not read, for the message; empty if it is not known.
MAO_INLINE std::string foreign_kind(std::span<const std::uint8_t> bytes) {
  const std::string_view begin(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 16));
  if (begin.starts_with("GIF8")) return "GIF";
  if (begin.starts_with("BM")) return "BMP";
  using namespace std::string_view_literals;
  if (begin.starts_with("II*\0"sv) || begin.starts_with("MM\0*"sv)) return "TIFF";
  const std::string_view brand = begin.substr(std::min<std::size_t>(begin.size(), 4));
  if (brand.starts_with("ftypavif")) return "AVIF";
  return brand.starts_with("ftyphei") ? "HEIC" : "";
}

/// What stands at a path that is there and no file; empty otherwise.
MAO_INLINE const char* no_file_at(const std::filesystem::path& path) {
  std::error_code no_such_name;
  const auto status = std::filesystem::status(path, no_such_name);
  if (std::filesystem::is_directory(status)) return "it is a folder";
  return std::filesystem::is_other(status) ? "it is a pipe or a device, not a file" : "";
}

MAO_INLINE std::vector<std::uint8_t> bytes_of_file(const std::filesystem::path& path) {
  const std::string_view other = no_file_at(path);  // opening a pipe would wait
  require<FileError>(other.empty(), "cannot open the image ", path.string(), ": ", other);
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  require<FileError>(stream.is_open(), "cannot open the image ", path.string(), ": ",
                     errno != 0 ? std::strerror(errno) : "not a file", path_hint(path.string()));
  std::error_code failure;
  const auto size = std::filesystem::file_size(path, failure);
  require<FileError>(!failure, "cannot open the image ", path.string(), ": ", failure.message());
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  require<FileError>(static_cast<std::size_t>(stream.gcount()) == bytes.size(), "reading the image ", path.string(),
                     " stopped after ", stream.gcount(), " of ", bytes.size(), " bytes");
  return bytes;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Image decode_image(std::span<const std::uint8_t> bytes, const std::string& name, Transparency transparency) {
  constexpr std::array<std::uint8_t, 3> jpeg{0xff, 0xd8, 0xff};
  constexpr std::array<std::uint8_t, 8> png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  require<FormatError>(!bytes.empty(), name, ": the image file is empty (0 bytes); download or copy it again");
  if (detail::begins_with(bytes, jpeg)) return detail::decode_jpeg(bytes, name);
  if (detail::begins_with(bytes, png)) return detail::decode_png(bytes, name, transparency);
  if (detail::is_webp(bytes)) return detail::decode_webp(bytes, name, transparency);
  const std::string kind = detail::foreign_kind(bytes);
  const std::string found = kind.empty() ? text_of(bytes.size(), " bytes that do not begin as an image does")
                                         : (kind == "AVIF" ? "an " : "a ") + kind + " image";
  throw FormatError(text_of(name, ": ", found, "; expected a JPEG, a PNG", reads_webp ? " or a WEBP" : "",
                            "; convert the image to one of them"));
}

}  // namespace mao
