// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Whether an image file is whole.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <mao/core/error.hpp>
#include <mao/data/decode.hpp>
#include <mao/data/detail/decode_webp.hpp>
#include <mao/data/transparency.hpp>
#include <span>
#include <string>
#include <system_error>

namespace mao {

namespace detail {

/// True when the file is as long as the header of a WEBP says, which has no mark at its end.
inline bool has_webp_length(std::span<const std::uint8_t> begin, std::uintmax_t size) {
  if (!is_webp(begin)) return false;
  std::uint64_t said = 8;
  for (unsigned i = 0; i < 4; ++i) said += static_cast<std::uint64_t>(begin[4 + i]) << (8 * i);
  return said <= size;
}

/// True when a JPEG, PNG or WEBP begins and ends as its format wants; reads 20 bytes. False proves nothing: programs
/// may leave bytes behind the end.
inline bool has_both_ends(const std::filesystem::path& file) {
  constexpr std::array<std::uint8_t, 2> jpeg_begin{0xff, 0xd8}, jpeg_end{0xff, 0xd9};
  constexpr std::array<std::uint8_t, 8> png_begin{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  constexpr std::array<std::uint8_t, 8> png_end{'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};
  std::array<std::uint8_t, 12> begin{};
  std::array<std::uint8_t, 8> end{};
  std::ifstream stream(file, std::ios::binary);
  stream.read(reinterpret_cast<char*>(begin.data()), begin.size());
  stream.seekg(-static_cast<std::streamoff>(end.size()), std::ios::end);
  stream.read(reinterpret_cast<char*>(end.data()), end.size());
  if (!stream) return false;
  if (reads_webp && has_webp_length(begin, static_cast<std::uintmax_t>(stream.tellg()))) return true;
  const auto ends_with = [&](const auto& magic) { return std::equal(magic.rbegin(), magic.rend(), end.rbegin()); };
  return (begins_with(std::span<const std::uint8_t>(begin), jpeg_begin) && ends_with(jpeg_end)) ||
         (begins_with(std::span<const std::uint8_t>(begin), png_begin) && ends_with(png_end));
}

}  // namespace detail

/// How thoroughly image files are looked at.
enum class ImageCheck {
  ends,   ///< the first and last bytes; what looks odd there is decoded
  decode  ///< every pixel
};

namespace detail {

/// Why a picture cannot be decoded; empty when it can.
inline std::string decoding_fault(const std::filesystem::path& file, Transparency transparency) {
  try {
    read_image(file, transparency);
    return {};
  } catch (const Error& error) {
    const std::string text = error.what(), name = file.string() + ": ";
    return text.starts_with(name) ? text.substr(name.size()) : text;
  }
}

}  // namespace detail

/// What is wrong with an image file, in words; empty when nothing is. Unless a model is known that drops transparency,
/// it has to be readable too.
inline std::string image_damage(const std::filesystem::path& file, ImageCheck check,
                                Transparency transparency = Transparency::white) {
  std::error_code absent;
  const bool is_file = std::filesystem::is_regular_file(file, absent);
  if (check == ImageCheck::ends && is_file && detail::has_both_ends(file)) return {};
  const std::string fault = detail::decoding_fault(file, transparency);
  if (fault.empty() || !detail::decoding_fault(file, Transparency::drop).empty()) return fault;
  return fault + "; only models that put white behind transparent pixels refuse it";
}

}  // namespace mao
