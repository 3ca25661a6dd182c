// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/mojibake.hpp>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <mao/config.hpp>
#include <mao/text/detail/html.hpp>
#include <mao/text/detail/unicode.hpp>

namespace mao::detail {

/// The byte that Latin-1 or Windows-1252 shows as that character.
MAO_INLINE std::optional<unsigned char> byte_shown_as(char32_t c) {
  if (c < 0x100) return static_cast<unsigned char>(c);
  const std::size_t position = windows_1252_block.find(c);
  if (position == std::u32string_view::npos) return std::nullopt;
  return static_cast<unsigned char>(0x80 + position);
}

/// Characters that often follow a letter with an accent in text that is meant as it stands.
MAO_INLINE bool may_follow_a_letter(char32_t c) {
  constexpr std::u32string_view followers =
      U"\u2018\u2019\u201C\u201D\u2026\u2013\u2014\u2122\u203A\u00BB\u00AE\u00B0\u00A0";
  return followers.find(c) != std::u32string_view::npos;
}

struct HiddenCharacter {
  char32_t value = 0;
  std::size_t length = 0;     ///< how many characters it was spread over; 0: there is none here
  bool unmistakable = false;  ///< nobody would write those characters in a row
};

/// The character whose UTF-8 bytes are shown as the characters at the front of `text`.
MAO_INLINE HiddenCharacter hidden_character(std::u32string_view text) {
  std::string bytes;
  for (const char32_t c : text.substr(0, 4)) {
    const auto byte = byte_shown_as(c);
    if (!byte) break;
    bytes += static_cast<char>(*byte);
  }
  if (bytes.empty() || static_cast<unsigned char>(bytes.front()) < 0x80) return {};
  std::string_view rest = bytes;
  const char32_t value = take_code_point(rest);
  if (value == replacement_character) return {};
  const std::size_t length = bytes.size() - rest.size();
  const auto followers = text.substr(1, length - 1);
  const bool usual_lead = length == 2 && (text.front() == 0xC2 || text.front() == 0xC3 || text.front() == 0xC5);
  const bool euro_lead = text.front() == 0xE2 && text[1] == 0x20AC;
  const bool unmistakable =
      length == 4 || usual_lead || euro_lead || !std::ranges::all_of(followers, may_follow_a_letter);
  return {value, length, unmistakable};
}

/// Whether a capital A with tilde at `position` is what is left of an a with grave accent whose second byte, a no-break
/// space, became a plain space.
MAO_INLINE bool is_lost_a_grave(std::u32string_view line, std::size_t position) {
  const auto rest = line.substr(position);
  const bool after_letter = position > 0 && line[position - 1] >= U'a' && line[position - 1] <= U'z';
  return rest.starts_with(U"\u00C3  ") || (after_letter && rest.starts_with(U"\u00C3 "));
}

MAO_INLINE HiddenCharacter hidden_character_at(std::u32string_view line, std::size_t position) {
  if (is_lost_a_grave(line, position)) return {U'\u00E0', 1, true};
  return hidden_character(line.substr(position));
}

/// One layer of mojibake removed from a line: everything when the whole line reads as UTF-8 and a part of it is
/// unmistakable, else the runs with an unmistakable part.
MAO_INLINE std::u32string without_one_mojibake(std::u32string_view line) {
  std::u32string whole, parts;
  bool whole_reads = true, any_sure = false;
  for (std::size_t i = 0; i < line.size();) {
    const std::size_t start = i;
    std::u32string run;
    bool run_sure = false;
    for (HiddenCharacter hidden; i < line.size() && (hidden = hidden_character_at(line, i)).length > 0;
         i += hidden.length) {
      run += hidden.value;
      run_sure = run_sure || hidden.unmistakable;
    }
    whole += run;
    parts += run_sure ? std::u32string_view(run) : line.substr(start, i - start);
    any_sure = any_sure || run_sure;
    if (i < line.size()) {
      whole_reads = whole_reads && line[i] < 0x80;
      whole += line[i];
      parts += line[i++];
    }
  }
  return whole_reads && any_sure ? whole : parts;
}

MAO_INLINE std::u32string without_mojibake(std::u32string line) {
  constexpr int most_layers = 8;
  for (int layer = 0; layer < most_layers; ++layer) {
    std::u32string next = without_one_mojibake(line);
    if (next == line) break;
    line = std::move(next);
  }
  return line;
}

}  // namespace mao::detail
