// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/bert_words.hpp>

#include <utility>

#include <mao/config.hpp>
#include <mao/text/detail/unicode.hpp>

namespace mao::detail {

/// Control, format, private and surrogate characters; unassigned ones stay, line ends and tabs are white space.
MAO_INLINE bool is_bert_control(char32_t c) {
  const int k = category(c);
  return c != U'\t' && c != U'\n' && c != U'\r' && k >= UTF8PROC_CATEGORY_CC && k <= UTF8PROC_CATEGORY_CO;
}

/// Punctuation that came after Unicode 8, whose tables BERT's tokenizer has: letters of an unknown word to it.
MAO_INLINE bool is_recent_punctuation(char32_t c) {
  return (c >= 0x2E43 && c <= 0x2E5D) ||
         std::u32string_view(U"\u061D\u09FD\u0A76\u0C77\u0C84\u1B7D\u1B7E").find(c) != std::u32string_view::npos;
}

/// ASCII symbols such as `$` and `~` count as punctuation as well.
MAO_INLINE bool is_bert_punctuation(char32_t c) {
  if (c < 0x80) return c > 0x20 && c < 0x7F && !is_letter(c) && !is_number(c);
  const int k = category(c);
  return k >= UTF8PROC_CATEGORY_PC && k <= UTF8PROC_CATEGORY_PO && !is_recent_punctuation(c);
}

/// Chinese characters, each of which is a word; Japanese kana and Korean syllables are not.
MAO_INLINE bool is_chinese(char32_t c) {
  constexpr std::pair<char32_t, char32_t> blocks[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},
                                                      {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F},
                                                      {0x2B820, 0x2CEAF}, {0x2F800, 0x2FA1F}};
  for (const auto& [first, last] : blocks) {
    if (c >= first && c <= last) return true;
  }
  return false;
}

/// Without controls, with spaces around Chinese characters, without accents, in lower case.
MAO_INLINE std::u32string bert_normalized(std::string_view text) {
  std::u32string spaced;
  for (const char32_t c : decode_utf8(text)) {
    if (c == 0 || c == replacement_character || is_bert_control(c)) continue;
    if (is_chinese(c)) {
      spaced += {U' ', c, U' '};
    } else {
      spaced += is_space(c) ? U' ' : c;
    }
  }
  std::u32string normalized;
  for (const char32_t c : decomposed(spaced)) {
    if (!is_nonspacing_mark(c)) normalized += lower_case(c);
  }
  return normalized;
}

MAO_INLINE std::vector<std::u32string> bert_words(std::string_view text) {
  std::vector<std::u32string> words;
  bool inside = false;
  for (const char32_t c : bert_normalized(text)) {
    if (is_space(c)) {
      inside = false;
      continue;
    }
    const bool alone = is_bert_punctuation(c);
    if (!inside || alone) words.emplace_back();
    words.back() += c;
    inside = !alone;
  }
  return words;
}

}  // namespace mao::detail
