// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a number on the command line may be, and what is said of one that may not.

#include <CLI/CLI.hpp>

#include <string>

#include <mao/core/error.hpp>

namespace mao_program {

/// For a number with a comma.
inline std::string comma_hint(const std::string& text) {
  return text.find(',') == std::string::npos ? "" : "; write a decimal point, and a blank between two numbers";
}

/// A number above 0.
inline CLI::Validator above_zero() {
  return {[](std::string& text) {
            double number = 0;
            if (CLI::detail::lexical_cast(text, number) && number > 0) return std::string();
            return mao::text_of("expected a number above 0, got ", text, comma_hint(text));
          },
          "POSITIVE"};
}

/// 0 or a number above.
inline CLI::Validator zero_or_above() {
  return {[](std::string& text) {
            double number = 0;
            if (CLI::detail::lexical_cast(text, number) && number >= 0) return std::string();
            return mao::text_of("expected 0 or more, got ", text, comma_hint(text));
          },
          "NONNEGATIVE"};
}

/// A number from `least` to `most`.
inline CLI::Validator between(double least, double most) {
  return {[=](std::string& text) {
            double number = 0;
            if (CLI::detail::lexical_cast(text, number) && number >= least && number <= most) return std::string();
            return mao::text_of("expected a number from ", least, " to ", most, ", got ", text, comma_hint(text));
          },
          mao::text_of("FLOAT in [", least, " - ", most, "]")};
}

}  // namespace mao_program
