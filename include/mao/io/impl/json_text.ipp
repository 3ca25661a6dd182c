// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/json_text.hpp>

#include <algorithm>
#include <utility>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE std::string json_place(std::string_view text, std::size_t byte) {
  constexpr std::size_t shown = 20;
  const std::size_t at = std::min(byte == 0 ? 0 : byte - 1, text.size());
  const std::string_view before = text.substr(0, at);
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return text_of("line ", 1 + std::count(before.begin(), before.end(), '\n'), ", column ", at - line_start + 1,
                 at == text.size() ? ", where the text ends" : ", at '" + printable(text.substr(at, shown)) + "'");
}

// The parser is a template over its iterators; everything in mao parses from pointers, so that there is one.
MAO_INLINE nlohmann::json json_or_discarded(std::string_view text) {
  return nlohmann::json::parse(text.data(), text.data() + text.size(), nullptr, false);
}

}  // namespace mao::detail
