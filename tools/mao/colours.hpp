// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Emphasis on a terminal.

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace mao_program {

/// Wraps words in escape sequences, or leaves them as they are.
class Colours {
 public:
  explicit Colours(bool on) : on_(on) {}

  /// On when `stream` is a terminal, unless NO_COLOR (https://no-color.org) is set or TERM is "dumb".
  static Colours of(int stream) {
    const char* const off = std::getenv("NO_COLOR");
    const char* const kind = std::getenv("TERM");
    const bool refused = (off != nullptr && *off != '\0') || (kind != nullptr && std::string_view(kind) == "dumb");
    return Colours(!refused && isatty(stream) != 0);
  }

  [[nodiscard]] std::string bold(const std::string& text) const { return wrap("1", text); }
  [[nodiscard]] std::string red(const std::string& text) const { return wrap("1;31", text); }

 private:
  [[nodiscard]] std::string wrap(const char* code, const std::string& text) const {
    return on_ ? std::string("\x1b[") + code + "m" + text + "\x1b[0m" : text;
  }

  bool on_;
};

}  // namespace mao_program
