// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/html.hpp>

#include <algorithm>
#include <cctype>
#include <optional>

#include <mao/config.hpp>
#include <mao/text/detail/html_entities.hpp>
#include <mao/text/detail/unicode.hpp>

namespace mao::detail {

/// The character of a name; without the semicolon only the names up to U+00FF count.
MAO_INLINE std::optional<char32_t> html_entity(std::string_view name, bool semicolon) {
  const auto found = std::lower_bound(html_entities.begin(), html_entities.end(), name,
                                      [](const HtmlEntity& entity, std::string_view key) { return entity.name < key; });
  if (found == html_entities.end() || found->name != name) return std::nullopt;
  if (!semicolon && (found->value > 0xFF || name == "apos")) return std::nullopt;
  return found->value;
}

/// What a numeric reference stands for: nothing for control characters and non-characters.
MAO_INLINE std::u32string numeric_character(char32_t value) {
  if (value >= 0x80 && value <= 0x9F) return {windows_1252_block[value - 0x80]};
  if (value == 0 || (value >= 0xD800 && value <= 0xDFFF) || value > 0x10FFFF) return {replacement_character};
  const bool control = value < 0x20 && value != '\t' && value != '\n' && value != '\f' && value != '\r';
  const bool noncharacter = (value & 0xFFFE) == 0xFFFE || (value >= 0xFDD0 && value <= 0xFDEF);
  if (control || value == 0x7F || noncharacter) return {};
  return {value};
}

/// The digits after `&#` or `&#x`; a value too large to hold stays too large.
MAO_INLINE Reference numeric_reference(std::u32string_view rest) {
  const bool hexadecimal = rest.size() > 1 && (rest[1] == U'x' || rest[1] == U'X');
  const char32_t base = hexadecimal ? 16 : 10;
  std::size_t end = hexadecimal ? 2 : 1;
  const std::size_t first = end;
  char32_t value = 0;
  for (; end < rest.size(); ++end) {
    const char32_t c = rest[end] | 0x20;
    const bool digit = rest[end] >= U'0' && rest[end] <= U'9';
    if (!digit && !(hexadecimal && c >= U'a' && c <= U'f')) break;
    value = std::min<char32_t>(value * base + (digit ? rest[end] - U'0' : c - U'a' + 10), 0x110000);
  }
  if (end == first) return {};
  return {numeric_character(value), end + (end < rest.size() && rest[end] == U';' ? 1 : 0)};
}

/// The longest name at the front of `rest`; names with a semicolon come first.
MAO_INLINE Reference named_reference(std::u32string_view rest) {
  constexpr std::size_t longest_name = 8;
  std::string name;
  while (name.size() < std::min(rest.size(), longest_name) && rest[name.size()] < 0x80 &&
         std::isalnum(static_cast<int>(rest[name.size()]))) {
    name += static_cast<char>(rest[name.size()]);
  }
  if (name.size() < rest.size() && rest[name.size()] == U';') {
    if (const auto value = html_entity(name, true)) return {{*value}, name.size() + 1};
  }
  for (; name.size() > 1; name.pop_back()) {
    if (const auto value = html_entity(name, false)) return {{*value}, name.size()};
  }
  return {};
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE std::u32string html_unescape(std::u32string_view text, bool only_complete) {
  std::u32string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto rest = text.substr(i + 1);
    detail::Reference found;
    if (text[i] == U'&' && !rest.empty()) {
      found = rest.front() == U'#' ? detail::numeric_reference(rest) : detail::named_reference(rest);
    }
    if (found.length == 0 || (only_complete && rest[found.length - 1] != U';')) {
      result += text[i];
    } else {
      result += found.text;
      i += found.length;
    }
  }
  return result;
}

}  // namespace mao
