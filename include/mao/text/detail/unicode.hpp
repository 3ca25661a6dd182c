// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Unicode text: UTF-8 to code points and back, character classes, lower case and normal forms (through utf8proc).

#include <utf8proc.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

namespace mao {

/// What stands for bytes that are not UTF-8.
inline constexpr char32_t replacement_character = 0xFFFD;

/// The general category of a code point (`UTF8PROC_CATEGORY_LU`, ...).
inline int category(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }

/// \p{L}
inline bool is_letter(char32_t c) {
  const int k = category(c);
  return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO;
}

/// \p{N}: digits, letter numbers and other numbers such as fractions.
inline bool is_number(char32_t c) {
  const int k = category(c);
  return k >= UTF8PROC_CATEGORY_ND && k <= UTF8PROC_CATEGORY_NO;
}

/// What Python's `str.isspace` accepts: separators of all kinds, tab to carriage return, 0x1C to 0x1F, next line.
inline bool is_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
  const int k = category(c);
  return c == 0x85 || (k >= UTF8PROC_CATEGORY_ZS && k <= UTF8PROC_CATEGORY_ZP);
}

/// The Unicode property White_Space: as `is_space` without 0x1C to 0x1F.
inline bool is_white_space(char32_t c) { return is_space(c) && !(c >= 0x1C && c <= 0x1F); }

/// A combining mark that takes no room of its own, as accents do.
inline bool is_nonspacing_mark(char32_t c) { return category(c) == UTF8PROC_CATEGORY_MN; }

namespace detail {

struct ByteRange {
  unsigned char low;
  unsigned char high;
};

/// Which second bytes the lead byte of a sequence allows (overlong forms, surrogates and what lies beyond U+10FFFF
/// fail).
inline ByteRange second_byte_range(unsigned char lead) {
  if (lead == 0xE0) return {0xA0, 0xBF};
  if (lead == 0xED) return {0x80, 0x9F};
  if (lead == 0xF0) return {0x90, 0xBF};
  if (lead == 0xF4) return {0x80, 0x8F};
  return {0x80, 0xBF};
}

/// How many bytes a sequence with that lead byte has; 0: no sequence starts with it.
inline int sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

}  // namespace detail

/// Takes the next code point off the front of `rest` (which must not be empty). Bytes that are not UTF-8 give one
/// replacement character for each longest valid beginning, as Python's and the web's decoders do.
inline char32_t take_code_point(std::string_view& rest) {
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

/// The code points of UTF-8 text; never throws on bad bytes, see take_code_point.
inline std::u32string decode_utf8(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  while (!text.empty()) points += take_code_point(text);
  return points;
}

/// Appends one code point as UTF-8; a surrogate or a value beyond U+10FFFF becomes the replacement character.
inline void append_utf8(std::string& text, char32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = replacement_character;
  utf8proc_uint8_t bytes[4];
  const auto count = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
}

inline std::string encode_utf8(std::u32string_view points) {
  std::string text;
  text.reserve(points.size());
  for (const char32_t c : points) append_utf8(text, c);
  return text;
}

inline bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

namespace detail {

inline std::u32string normalized(std::u32string_view points, int options) {
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

}  // namespace detail

/// Normal form C: accents joined with their letters.
inline std::u32string composed(std::u32string_view points) { return detail::normalized(points, UTF8PROC_COMPOSE); }

/// Normal form D: accents apart from their letters.
inline std::u32string decomposed(std::u32string_view points) { return detail::normalized(points, UTF8PROC_DECOMPOSE); }

/// Normal form KC: also takes apart ligatures, full-width forms and the like.
inline std::u32string compatibility_composed(std::u32string_view points) {
  return detail::normalized(points, UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
}

/// Lower case of one code point by itself.
inline char32_t lower_case(char32_t c) {
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

}  // namespace mao
