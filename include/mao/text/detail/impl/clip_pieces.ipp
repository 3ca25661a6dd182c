// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/clip_pieces.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

#include <mao/config.hpp>
#include <mao/text/detail/unicode.hpp>

namespace mao::detail {

MAO_INLINE PieceStyle piece_style(TextCleaning cleaning) {
  if (cleaning == TextCleaning::OpenClip) return {.start = U"<start_of_text>", .end = U"<end_of_text>"};
  return {.ignore_case = cleaning != TextCleaning::HuggingFace};
}

MAO_INLINE bool begins_with(std::u32string_view text, std::u32string_view literal, bool ignore_case) {
  constexpr char32_t long_s = 0x17F;
  const auto same = [&](char32_t there, char32_t wanted) {
    return there == wanted || (ignore_case && there == long_s && wanted == U's');
  };
  return text.size() >= literal.size() &&
         std::equal(literal.begin(), literal.end(), text.begin(),
                    [&](char32_t wanted, char32_t there) { return same(there, wanted); });
}

/// How long a special token or an English contraction at the front of `text` is; 0: there is none.
MAO_INLINE std::size_t literal_length(std::u32string_view text, const PieceStyle& style) {
  const std::array<std::u32string_view, 9> literals = {style.start, style.end, U"'s",  U"'t", U"'re",
                                                       U"'ve",      U"'m",     U"'ll", U"'d"};
  for (const auto literal : literals) {
    if (begins_with(text, literal, style.ignore_case)) return literal.size();
  }
  return 0;
}

/// The combining iota below, which Python's `regex` finds in no class when it ignores case: its other cases are
/// letters.
inline constexpr char32_t combining_iota = 0x345;

/// Whether `c` is not part of any piece.
MAO_INLINE bool is_left_out(char32_t c, const PieceStyle& style) {
  return is_white_space(c) || (style.ignore_case && c == combining_iota);
}

/// How long the first piece of `text`, which must not begin with what is left out, is.
MAO_INLINE std::size_t piece_length(std::u32string_view text, const PieceStyle& style) {
  if (const std::size_t literal = literal_length(text, style)) return literal;
  if (is_number(text.front())) return 1;
  const auto is_other = [&](char32_t c) { return !is_left_out(c, style) && !is_letter(c) && !is_number(c); };
  const auto end =
      is_letter(text.front()) ? std::ranges::find_if_not(text, is_letter) : std::ranges::find_if_not(text, is_other);
  return static_cast<std::size_t>(end - text.begin());
}

MAO_INLINE std::vector<std::u32string_view> clip_pieces(std::u32string_view text, const PieceStyle& style) {
  std::vector<std::u32string_view> pieces;
  while (!text.empty()) {
    if (is_left_out(text.front(), style)) {
      text.remove_prefix(1);
      continue;
    }
    const std::size_t length = piece_length(text, style);
    pieces.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return pieces;
}

MAO_INLINE std::vector<std::u32string_view> split_at_specials(std::u32string_view text, const PieceStyle& style) {
  std::vector<std::u32string_view> parts;
  while (!text.empty()) {
    const std::size_t start = text.find(style.start), end = text.find(style.end);
    const std::size_t first = std::min({start, end, text.size()});
    if (first > 0) parts.push_back(text.substr(0, first));
    text.remove_prefix(first);
    if (text.empty()) break;
    parts.push_back(text.substr(0, (start < end ? style.start : style.end).size()));
    text.remove_prefix(parts.back().size());
  }
  return parts;
}

}  // namespace mao::detail
