// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How an option says which values it knows where the parser accepts others too, so that a shell can complete them.

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace mao_program {

inline constexpr const char* known_values_name = "known values";
inline constexpr const char* known_values_or_path_name = "known values, or a path";

/// `option->check(known_values({"a", "b"}))`: a mark and not a check, which the parser and the help ignore. Values that
/// the parser has to refuse are for `CLI::IsMember` instead.
inline CLI::Validator known_values(const std::vector<std::string>& values) {
  const auto accept = [](const std::string&) { return std::string(); };
  CLI::Validator mark(accept, "{" + CLI::detail::join(values, ",") + "}", known_values_name);
  mark.active(false);
  return mark;
}

/// The same of an option that takes paths too.
inline CLI::Validator known_values_or_path(const std::vector<std::string>& values) {
  CLI::Validator mark = known_values(values);
  mark.name(known_values_or_path_name);
  return mark;
}

}  // namespace mao_program
