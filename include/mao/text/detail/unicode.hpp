// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Unicode text: UTF-8 to code points and back, character classes, lower case and normal forms (through utf8proc).

#include <utf8proc.h>

#include <algorithm>
#include <string>
#include <string_view>

#include <mao/core/detail/text_encoding.hpp>

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

/// Takes the next code point off the front of `rest` (which must not be empty). Bytes that are not UTF-8 give one
/// replacement character for each longest valid beginning, as Python's and the web's decoders do.
char32_t take_code_point(std::string_view& rest);

/// The code points of UTF-8 text; never throws on bad bytes, see take_code_point.
std::u32string decode_utf8(std::string_view text);

std::string encode_utf8(std::u32string_view points);

inline bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

namespace detail {

std::u32string normalized(std::u32string_view points, int options);

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

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/unicode.ipp>
#endif
