// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Numbers on the command line are decimal. CLI11 by itself reads 010 as 8, 0x10 as 16, and takes the nearest number of
/// its kind for one that does not fit.

#include <CLI/CLI.hpp>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <mao/core/error.hpp>

#include "numbers.hpp"

namespace mao_program {

/// Makes `text` the shortest form of a whole number. Returns what is wrong with it, or nothing.
template <class Number>
std::string as_whole_number(std::string& text) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  Number number = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failure == std::errc() && end == digits.data() + digits.size()) {
    text = std::to_string(number);
    return {};
  }
  return mao::text_of("expected a whole number, in decimal digits",
                      failure == std::errc::result_out_of_range ? " and not so large" : "", ", got ", text, comma_hint(text));
}

/// What is wrong with a number with a point or an exponent, or nothing. Infinity is left to the setting.
inline std::string check_number(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const bool whole = !text.empty() && end == text.c_str() + text.size();
  const bool decimal = text.find_first_of("xX") == std::string::npos;
  if (!whole || !decimal || std::isnan(number)) return mao::text_of("expected a number, got ", text, comma_hint(text));
  const std::string_view digits = std::string_view(text).substr(0, text.find_first_of("eE"));
  const bool vanished = number == 0 && digits.find_first_of("123456789") != std::string_view::npos;
  return vanished ? mao::text_of("expected a number that is not so near to 0, got ", text) : std::string();
}

/// Adds these checks to every number that the command and its subcommands take.
inline void expect_decimal_numbers(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    const std::string kind = option->get_type_name();
    if (kind.starts_with("INT")) option->transform(CLI::Validator(as_whole_number<std::int64_t>, ""));
    if (kind.starts_with("UINT")) option->transform(CLI::Validator(as_whole_number<std::uint64_t>, ""));
    if (kind.starts_with("FLOAT"))
      option->check(CLI::Validator([](std::string& text) { return check_number(text); }, ""));
  }
  for (CLI::App* inner : command.get_subcommands({})) expect_decimal_numbers(*inner);
}

}  // namespace mao_program
