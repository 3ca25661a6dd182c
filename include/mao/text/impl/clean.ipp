// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/clean.hpp>

#include <algorithm>
#include <cctype>
#include <utility>

#include <mao/config.hpp>
#include <mao/text/detail/html.hpp>
#include <mao/text/detail/lower_case.hpp>
#include <mao/text/detail/mojibake.hpp>
#include <mao/text/detail/unicode.hpp>

namespace mao::detail {

MAO_INLINE bool is_latin_ligature(char32_t c) {
  return c == 0x132 || c == 0x133 || c == 0x149 || (c >= 0x1C4 && c <= 0x1CC) || (c >= 0x1F1 && c <= 0x1F3) ||
         (c >= 0xFB00 && c <= 0xFB06);
}

/// Full-width and half-width forms and the ideographic space.
MAO_INLINE bool has_odd_width(char32_t c) { return (c >= 0xFF01 && c <= 0xFFEF) || c == 0x3000; }

/// Control characters that stand for nothing; tab, line feed and form feed are white space.
MAO_INLINE bool is_dropped_control(char32_t c) {
  return c < 0x09 || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || (c >= 0x206A && c <= 0x206F) ||
         c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFC);
}

/// How many characters after an escape character belong to a terminal's colour or cursor command; 0: none.
MAO_INLINE std::size_t terminal_command_length(std::u32string_view rest) {
  if (rest.empty() || rest.front() != U'[') return 0;
  std::size_t end = 1;
  while (end < rest.size() && ((rest[end] >= U'0' && rest[end] <= U'9') || rest[end] == U';')) ++end;
  return end < rest.size() && rest[end] < 0x80 && std::isalpha(static_cast<int>(rest[end])) ? end + 1 : 0;
}

/// Plain forms of a single character: straight quotes, letters for ligatures, usual width, line feeds.
MAO_INLINE std::u32string plain_form(char32_t c) {
  constexpr char32_t long_s_and_t = 0xFB05;
  if (c < 0x80) return {c == U'\r' ? U'\n' : c};
  if (c < 0xA0) {
    const char32_t meant = windows_1252_block[c - 0x80];
    return meant < 0xA0 ? std::u32string{c} : plain_form(meant);
  }
  if (c == 0x2BC || (c >= 0x2018 && c <= 0x201B)) return {U'\''};
  if (c >= 0x201C && c <= 0x201F) return {U'"'};
  if (c == 0x2028 || c == 0x2029) return {U'\n'};
  if (c == long_s_and_t) return U"\u017Ft";
  if (is_latin_ligature(c) || has_odd_width(c)) return compatibility_composed({&c, 1});
  return {c};
}

MAO_INLINE std::u32string with_plain_characters(std::u32string_view text) {
  std::u32string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == 0x1B) {
      i += terminal_command_length(text.substr(i + 1));
    } else if (!is_dropped_control(text[i])) {
      plain += plain_form(text[i]);
    }
  }
  return plain;
}

/// One line, repaired until nothing changes any more (`unescape`: also its complete HTML references).
MAO_INLINE std::u32string repaired_line(std::u32string line, bool unescape) {
  constexpr int most_rounds = 16;
  for (int round = 0; round < most_rounds; ++round) {
    std::u32string next = unescape ? html_unescape(line, true) : line;
    next = composed(with_plain_characters(without_mojibake(std::move(next))));
    if (next == line) break;
    line = std::move(next);
  }
  return line;
}

MAO_INLINE std::u32string with_single_spaces(std::u32string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (const char32_t c : text) {
    if (!is_space(c)) {
      result += c;
    } else if (!result.empty() && result.back() != U' ') {
      result += U' ';
    }
  }
  if (!result.empty() && result.back() == U' ') result.pop_back();
  return result;
}

/// Lower case of each code point by itself: a capital sigma at the end of a word is not an exception.
MAO_INLINE std::u32string lower_case_each(std::u32string_view text) {
  constexpr char32_t dotted_capital_i = 0x130, dot_above = 0x307;
  std::u32string lower;
  lower.reserve(text.size());
  for (const char32_t c : text)
    lower += c == dotted_capital_i ? std::u32string{U'i', dot_above} : std::u32string{lower_case(c)};
  return lower;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE std::string_view name_of(TextCleaning cleaning) {
  switch (cleaning) {
    case TextCleaning::OpenClip:
      return "open_clip";
    case TextCleaning::Either:
      return "OpenAI or open_clip";
    case TextCleaning::HuggingFace:
      return "transformers";
    case TextCleaning::OpenAi:
      break;
  }
  return "OpenAI";
}

MAO_INLINE std::u32string repair_text(std::u32string_view text) {
  std::u32string result;
  bool unescape = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(U'\n'), text.size() - 1) + 1;
    const auto line = text.substr(0, end);
    unescape = unescape && line.find(U'<') == std::u32string_view::npos;
    result += detail::repaired_line(std::u32string(line), unescape);
    text.remove_prefix(end);
  }
  return result;
}

MAO_INLINE std::u32string spaced_text(std::string_view text) {
  const auto needs_repair = [](char c) { return static_cast<unsigned char>(c - 0x20) >= 0x5F || c == '&'; };
  std::u32string points = decode_utf8(text);
  if (std::ranges::any_of(text, needs_repair)) {
    points = html_unescape(html_unescape(repair_text(points)));
  }
  return detail::with_single_spaces(points);
}

MAO_INLINE std::string clean_text(std::string_view text) { return encode_utf8(lower_case(spaced_text(text))); }

MAO_INLINE std::u32string normalized_text(std::u32string_view text) {
  std::u32string result;
  result.reserve(text.size());
  bool in_space = false;
  for (const char32_t c : composed(text)) {
    const bool space = is_white_space(c);
    if (!space || !in_space) result += space ? U' ' : c;
    in_space = space;
  }
  return detail::lower_case_each(result);
}

}  // namespace mao
