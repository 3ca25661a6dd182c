// SPDX-License-Identifier: Apache-2.0
#pragma once
// Changes JSON token by token, so that a changed text is read beyond its first bytes.
#include <string>
#include <string_view>
#include <vector>

#include "mutation.hpp"

namespace mao_fuzz {

/// The strings, numbers, words and signs of a text; what is none of them is one piece per character.
inline std::vector<std::string> json_tokens(std::string_view text) {
  std::vector<std::string> tokens;
  while (!text.empty()) {
    std::size_t length = 1;
    if (text.front() == '"') {
      while (length < text.size() && text[length] != '"') length += text[length] == '\\' ? 2 : 1;
      length = std::min(length + 1, text.size());
    } else {
      const std::size_t end = text.find_first_not_of("+-.0123456789abcdefghijklmnopqrstuvwxyzE");
      length = std::max<std::size_t>(1, std::min(end, text.size()));
    }
    tokens.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return tokens;
}

/// One to three changes. `fresh`: tokens that mean something to the reader.
inline std::string mutated_json(std::string_view text, const std::vector<std::string>& fresh, Dice& dice) {
  static const std::vector<std::string> usual{"{",
                                              "}",
                                              "[",
                                              "]",
                                              ",",
                                              ":",
                                              "null",
                                              "true",
                                              "0",
                                              "-1",
                                              "1e400",
                                              "4294967296",
                                              "9223372036854775808",
                                              "18446744073709551616",
                                              "0.5",
                                              "\"\"",
                                              "\"\\u0000\"",
                                              "\"\\ud800\"",
                                              "\"\xc3\xa9\"",
                                              "\"\xff\""};
  std::vector<std::string> tokens = json_tokens(text);
  for (std::size_t count = 1 + below(dice, 3); count > 0; --count) {
    change_sequence(tokens, one_of(below(dice, 2) == 0 ? usual : fresh, dice), dice);
  }
  return joined(tokens);
}

}  // namespace mao_fuzz
