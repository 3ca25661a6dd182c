// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/unicode.hpp>

#include <cstddef>
#include <cstdlib>

#include <mao/config.hpp>

namespace mao::detail {

struct ByteRange {
  unsigned char low;
  unsigned char high;
};

/// Which second bytes the lead byte of a sequence allows (overlong forms, surrogates and what lies beyond U+10FFFF
/// fail).
MAO_INLINE ByteRange second_byte_range(unsigned char lead) {
  if (lead == 0xE0) return {0xA0, 0xBF};
  if (lead == 0xED) return {0x80, 0x9F};
  if (lead == 0xF0) return {0x90, 0xBF};
  if (lead == 0xF4) return {0x80, 0x8F};
  return {0x80, 0xBF};
}

/// How many bytes a sequence with that lead byte has; 0: no sequence starts with it.
MAO_INLINE int sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE char32_t take_code_point(std::string_view& rest) {
  const auto lead = static_cast<unsigned char>(rest.front());
  const int length = detail::sequence_length(lead);
  if (length <= 1) {
    rest.remove_prefix(1);
    return length == 1 ? lead : replacement_character;
  }
  char32_t value = lead & (0xFFU >> (length + 1));
  std::size_t taken = 1;
  for (detail::ByteRange range = detail::second_byte_range(lead); taken < static_cast<std::size_t>(length);
       range = {0x80, 0xBF}) {
    const unsigned char byte = taken < rest.size() ? static_cast<unsigned char>(rest[taken]) : 0;
    if (byte < range.low || byte > range.high) {
      rest.remove_prefix(taken);
      return replacement_character;
    }
    value = (value << 6) | (byte & 0x3FU);
    ++taken;
  }
  rest.remove_prefix(taken);
  return value;
}

MAO_INLINE std::u32string decode_utf8(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  while (!text.empty()) points += take_code_point(text);
  return points;
}

MAO_INLINE std::string encode_utf8(std::u32string_view points) {
  std::string text;
  text.reserve(points.size());
  for (const char32_t c : points) append_utf8(text, c);
  return text;
}

}  // namespace mao

namespace mao::detail {

MAO_INLINE std::u32string normalized(std::u32string_view points, int options) {
  const std::string text = encode_utf8(points);
  utf8proc_uint8_t* mapped = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &mapped, static_cast<utf8proc_option_t>(options | UTF8PROC_STABLE));
  if (size < 0) return std::u32string(points);
  std::u32string result = decode_utf8({reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size)});
  std::free(mapped);
  return result;
}

}  // namespace mao::detail
