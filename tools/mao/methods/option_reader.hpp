// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The options of a method by name: read with defaults, described for help, none left over, and none without effect.

#include <charconv>
#include <cstdint>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/error.hpp>

namespace mao_program {

/// What a method may be told with `--set NAME=VALUE`.
struct OptionDescription {
  std::string name, fallback, help;
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

  /// The words that the context starts from.
  std::string init(const std::string& fallback) {
    return text("init", fallback, "initial words of the context; \"\" for a random start");
  }

  /// The number of context vectors, where words that start it decide their number.
  std::int64_t context(std::int64_t fallback, const std::string& init, const char* help) {
    const std::int64_t length = integer("context", fallback, help), count = words_in(init);
    idle_when(count > 0 && length != count, "context",
              mao::text_of("the context starts from the ", count, " words \"", init,
                           "\"; add --context-init \"\" for a random start of ", length, " vectors"));
    return length;
  }

  /// The number of context vectors, of which words can start the first ones: all of them, or none.
  std::int64_t context_of_first_words(std::int64_t fallback, const std::string& init, const char* help) {
    const std::int64_t length = integer("context", fallback, help), count = words_in(init);
    idle_when(count > 0 && count < length, "init",
              mao::text_of("a context of ", length, " vectors starts from at least as many words, or at random; \"",
                           init, "\" has ", count));
    return length;
  }

  /// Says of an option that it does nothing beside the others.
  void idle_when(bool idle, const std::string& name, std::string reason) {
    if (idle && given(name)) idle_[name] = std::move(reason);
  }

  [[nodiscard]] bool given(const std::string& name) const { return given_.contains(name); }
  [[nodiscard]] const std::vector<OptionDescription>& known() const { return known_; }
  /// Options that were given and do nothing, each with the reason.
  [[nodiscard]] const std::map<std::string, std::string>& idle() const { return idle_; }

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
  static std::int64_t words_in(const std::string& text) {
    std::istringstream words(text);
    return std::distance(std::istream_iterator<std::string>(words), std::istream_iterator<std::string>());
  }

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

  std::map<std::string, std::string> given_, idle_;
  std::vector<OptionDescription> known_;
};

}  // namespace mao_program
