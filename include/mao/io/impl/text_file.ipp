// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/text_file.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE std::string utf8_text(std::string text, const std::string& source) {
  text = without_byte_order_mark(std::move(text), source);
  require_utf8(text, source);
  return text;
}

MAO_INLINE std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    text.remove_prefix(text.starts_with("\r\n") ? 2 : text.empty() ? 0 : 1);
  }
  return lines;
}

MAO_INLINE std::vector<std::string> trimmed_lines(std::string_view text) {
  std::vector<std::string> lines = lines_of(text);
  for (std::string& line : lines) line.erase(line.find_last_not_of(" \t") + 1);
  return lines;
}

}  // namespace mao
