// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/detail/text_encoding.hpp>

#include <algorithm>
#include <array>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

/// How many bytes the UTF-8 character at the beginning of `text` has; 0 when there is none.
MAO_INLINE std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0), second = byte(1);
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first < 0xF0) {
    const bool overlong = first == 0xE0 && second < 0xA0, surrogate = first == 0xED && second >= 0xA0;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first < 0xF5) {
    const bool outside = (first == 0xF0 && second < 0x90) || (first == 0xF4 && second >= 0x90);
    return follows(1) && follows(2) && follows(3) && !outside ? 4 : 0;
  }
  return 0;
}

MAO_INLINE std::string hexadecimal_escape(char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  return {'\\', 'x', digits[byte >> 4U], digits[byte & 15U]};
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE void append_utf8(std::string& text, char32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = U'\uFFFD';
  if (c < 0x80) {
    text += static_cast<char>(c);
    return;
  }
  const int following = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  constexpr std::array<char32_t, 4> marks{0, 0xC0, 0xE0, 0xF0};  // of the first byte
  text += static_cast<char>(marks[static_cast<std::size_t>(following)] | (c >> (6 * following)));
  for (int left = following - 1; left >= 0; --left) text += static_cast<char>(0x80 | ((c >> (6 * left)) & 0x3F));
}

MAO_INLINE std::optional<std::size_t> first_bad_byte(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = detail::utf8_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

MAO_INLINE std::string escaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = detail::utf8_length(text);
    result += length == 0 ? detail::hexadecimal_escape(text.front()) : std::string(text.substr(0, length));
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

MAO_INLINE std::string printable(std::string_view text) {
  std::string result;
  for (const char c : escaped(text)) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    result += c == '\n' ? "\\n" : c == '\t' ? "\\t" : control ? detail::hexadecimal_escape(c) : std::string(1, c);
  }
  return result;
}

MAO_INLINE std::string without_byte_order_mark(std::string text, const std::string& source) {
  using namespace std::string_view_literals;
  if (text.starts_with("\xEF\xBB\xBF"sv)) text.erase(0, 3);
  const std::string_view view = text;
  const bool wide = view.starts_with("\xFF\xFE\0\0"sv) || view.starts_with("\0\0\xFE\xFF"sv);
  require<FormatError>(!wide && !view.starts_with("\xFF\xFE"sv) && !view.starts_with("\xFE\xFF"sv), source,
                       ": the text is UTF-", wide ? 32 : 16, "; save it as UTF-8");
  return text;
}

MAO_INLINE void require_utf8(std::string_view text, const std::string& source) {
  const std::size_t bad = std::min(first_bad_byte(text).value_or(text.size()), text.find('\0'));
  if (bad >= text.size()) return;
  const auto line = 1 + std::ranges::count(text.substr(0, bad), '\n');
  const std::size_t before = text.find_last_of("\r\n", bad);
  const std::string_view rest = text.substr(before == std::string_view::npos ? 0 : before + 1);
  constexpr std::size_t most_shown = 120;
  const std::string shown = printable(rest.substr(0, std::min(rest.find_first_of("\r\n"), most_shown)));
  const bool zero = text[bad] == '\0';
  throw FormatError(text_of(source, ": line ", line, ": '", shown, "' holds the byte ",
                            detail::hexadecimal_escape(text[bad]).substr(1), ", ",
                            zero ? "which no text has; save the file as text in UTF-8"
                                 : "which is not UTF-8; save the file as UTF-8 (Excel: CSV UTF-8), or convert it with "
                                   "`iconv -f latin1 -t utf-8`"));
}

}  // namespace mao
