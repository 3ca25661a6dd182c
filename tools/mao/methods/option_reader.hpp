// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The options of a method by name: read with defaults, described for help, and none left over.

#include <charconv>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/error.hpp>

namespace mao_program {

/// What a method may be told with `--set NAME=VALUE`.
struct OptionDescription {
  std::string name, fallback, help;
  bool with_random_start = false;  ///< means nothing where words start the context
};

/// Hands out the values of `--set`, and remembers what was asked for.
class OptionReader {
 public:
  explicit OptionReader(std::map<std::string, std::string> given = {}) : given_(std::move(given)) {}

  std::string text(const std::string& name, const std::string& fallback, const std::string& help) {
    known_.push_back({.name = name, .fallback = fallback.empty() ? "\"\"" : fallback, .help = help});
    const auto found = given_.find(name);
    return found == given_.end() ? fallback : found->second;
  }

  std::int64_t integer(const std::string& name, std::int64_t fallback, const std::string& help) {
    return parsed(name, fallback, text(name, std::to_string(fallback), help), "a whole number");
  }

  /// The number of context vectors.
  std::int64_t context(std::int64_t fallback) {
    const std::int64_t length = integer("context", fallback, "context vectors, with a random start");
    known_.back().with_random_start = true;
    return length;
  }

  double number(const std::string& name, double fallback, const std::string& help) {
    std::string shown = mao::text_of(fallback);
    return parsed(name, fallback, text(name, shown, help), "a number");
  }

  bool flag(const std::string& name, bool fallback, const std::string& help) {
    const std::string value = text(name, fallback ? "true" : "false", help);
    mao::require<mao::OptionError>(value == "true" || value == "false", "--set ", name, "=", value,
                                   ": expected true or false");
    return value == "true";
  }

  /// One of some words. **Throws** `OptionError` listing them.
  std::string choice(const std::string& name, const std::string& fallback, const std::vector<std::string>& words,
                     const std::string& help) {
    std::string list;
    for (const std::string& word : words) list += (list.empty() ? "" : ", ") + word;
    const std::string value = text(name, fallback, help + ": " + list);
    for (const std::string& word : words) {
      if (word == value) return value;
    }
    throw mao::OptionError(mao::text_of("--set ", name, "=", value, ": expected one of ", list));
  }

  [[nodiscard]] bool given(const std::string& name) const { return given_.contains(name); }
  [[nodiscard]] const std::vector<OptionDescription>& known() const { return known_; }

  /// **Throws** `OptionError` for a value that nobody asked for, listing what the method knows.
  void finish(const std::string& method) const {
    for (const auto& [name, value] : given_) {
      bool used = false;
      std::string list;
      for (const OptionDescription& option : known_) {
        used = used || option.name == name;
        list += (list.empty() ? "" : ", ") + option.name;
      }
      mao::require<mao::OptionError>(used, "method ", method, " has no option ", name, " (given: ", name, "=", value,
                                     "); it has ", list.empty() ? "none" : list);
    }
  }

 private:
  template <class NumberT>
  NumberT parsed(const std::string& name, NumberT fallback, const std::string& value, const char* expected) const {
    if (!given(name)) return fallback;
    NumberT number{};
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    mao::require<mao::OptionError>(error == std::errc() && stop == end, "--set ", name, "=", value, ": expected ",
                                   expected);
    return number;
  }

  std::map<std::string, std::string> given_;
  std::vector<OptionDescription> known_;
};

}  // namespace mao_program
