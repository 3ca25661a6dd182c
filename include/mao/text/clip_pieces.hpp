// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How CLIP cuts clean text into the pieces that byte-pair merging works on.

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <mao/text/unicode.hpp>

namespace mao::detail {

inline constexpr std::u32string_view clip_start_text = U"<|startoftext|>";
inline constexpr std::u32string_view clip_end_text = U"<|endoftext|>";

/// How long a special token or an English contraction at the front of `text` is; 0: there is none.
inline std::size_t literal_length(std::u32string_view text) {
  constexpr std::array<std::u32string_view, 10> literals = {clip_start_text, clip_end_text, U"'s", U"'\u017F", U"'t",
                                                            U"'re",          U"'ve",        U"'m", U"'ll",     U"'d"};
  for (const auto literal : literals) {
    if (text.starts_with(literal)) return literal.size();
  }
  return 0;
}

/// How long the first piece of `text`, which must not begin with white space, is.
inline std::size_t piece_length(std::u32string_view text) {
  if (const std::size_t literal = literal_length(text)) return literal;
  if (is_number(text.front())) return 1;
  const auto is_other = [](char32_t c) { return !is_space(c) && !is_letter(c) && !is_number(c); };
  const auto end = is_letter(text.front()) ? std::find_if_not(text.begin(), text.end(), is_letter)
                                           : std::find_if_not(text.begin(), text.end(), is_other);
  return static_cast<std::size_t>(end - text.begin());
}

/// Special tokens, contractions, runs of letters, single numbers and runs of anything else; white space is left out.
/// The pieces look into `text`, which must be lower case.
inline std::vector<std::u32string_view> clip_pieces(std::u32string_view text) {
  std::vector<std::u32string_view> pieces;
  while (!text.empty()) {
    if (is_space(text.front())) {
      text.remove_prefix(1);
      continue;
    }
    const std::size_t length = piece_length(text);
    pieces.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return pieces;
}

}  // namespace mao::detail
