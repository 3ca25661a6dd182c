// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Bytes as text in base 64, as data: URIs hold them.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <mao/core/error.hpp>

namespace mao {

namespace detail {

inline constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace detail

/// The bytes in the standard alphabet, padded with `=` to a multiple of four characters. **Source** RFC 4648,
/// section 4.
inline std::string base64(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t first = 0; first < bytes.size(); first += 3) {
    const std::size_t count = bytes.size() - first < 3 ? bytes.size() - first : 3;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8 | (i < count ? bytes[first + i] : 0U);
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= count ? detail::base64_digits[group >> (18 - 6 * i) & 63U] : '=';
    }
  }
  return text;
}

/// The same of the bytes of a string.
inline std::string base64(std::string_view bytes) {
  return base64(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

/// The bytes as a URI that holds its own content: `data:image/png;base64,...`.
template <class Bytes>
std::string data_uri(std::string_view media_type, const Bytes& bytes) {
  return text_of("data:", media_type, ";base64,", base64(bytes));
}

}  // namespace mao
