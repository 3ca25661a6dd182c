// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How the help writes what an option takes: `--shots N (default 16)`, `--augment auto|none|crop-flip (default auto)`;
/// and its sections.

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <sstream>
#include <string>

namespace mao_program {

/// What a value looks like: its choices, `N` for a whole number, `X` for another one, `TEXT`. `type`: as CLI11 writes
/// it, `TEXT:{auto,none}`, `FLOAT:FLOAT in [0 - 1]`, `INT:POSITIVE`.
inline std::string words_of_type(const std::string& type) {
  const auto between = [&](char open, char close) {
    const std::size_t begin = type.find(open), end = type.find(close, begin == std::string::npos ? 0 : begin);
    return begin == std::string::npos || end == std::string::npos ? std::string()
                                                                  : type.substr(begin + 1, end - begin - 1);
  };
  if (const std::string choices = between('{', '}'); !choices.empty()) {
    return CLI::detail::find_and_replace(choices, ",", "|");
  }
  if (type == "TEXT:FILE" || type == "TEXT:DIR") return type.substr(5);
  const bool whole = type.starts_with("INT") || type.starts_with("UINT");
  if (!whole && !type.starts_with("FLOAT")) return type.substr(0, type.find(':'));
  const std::string range = between('[', ']');
  const std::size_t middle = range.find(" - ");
  if (middle == std::string::npos) return whole ? "N" : "X";
  std::ostringstream words;
  words.precision(12);  // 1000000 and not 1e+06
  words << (whole ? "N" : "X") << " from " << std::strtod(range.c_str(), nullptr) << " to "
        << std::strtod(range.c_str() + middle + 3, nullptr);
  return words.str();
}

/// CLI11's help with these words for types.
class HelpFormat : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    std::string words;
    if (option->get_type_size() != 0) {
      const std::string type = words_of_type(option->get_type_name());
      if (!type.empty()) words += " " + type;
      const bool any_number = option->get_expected_max() == CLI::detail::expected_max_vector_size;
      for (int i = 1; !any_number && i < option->get_expected_min(); ++i) {
        words += (option->get_delimiter() == '\0' ? ' ' : option->get_delimiter()) + type;
      }
      if (any_number) words += " ...";
      if (option->get_required()) words += " (required)";
      if (!option->get_default_str().empty()) words += " (default " + option->get_default_str() + ")";
    }
    for (const CLI::Option* needed : option->get_needs()) words += " (needs " + needed->get_name() + ")";
    for (const CLI::Option* other : option->get_excludes()) words += " (not with " + other->get_name() + ")";
    return words;
  }
};

/// Options that are added while it lives are in a section of their own in the help.
class HelpSection {
 public:
  HelpSection(CLI::App& app, const std::string& name) : app_(app), before_(app.option_defaults()->get_group()) {
    app_.option_defaults()->group(name);
  }
  ~HelpSection() { app_.option_defaults()->group(before_); }
  HelpSection(const HelpSection&) = delete;
  HelpSection& operator=(const HelpSection&) = delete;

 private:
  CLI::App& app_;
  std::string before_;
};

}  // namespace mao_program
