// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a mistyped word was meant to be.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "datasets/renamed_files.hpp"

namespace mao_program {

/// The name that is two edits away at most, or begins with what was given; the nearest of several.
inline std::optional<std::string> nearest_name(const std::string& given, const std::vector<std::string>& names) {
  const auto distance = [&](const std::string& name) { return mao::detail::edit_distance(given, name); };
  const auto near = std::ranges::min_element(names, {}, distance);
  if (near == names.end() || (distance(*near) > 2 && !near->starts_with(given))) return std::nullopt;
  return *near;
}

/// ` (did you mean NAME?)`, where one is near.
inline std::string did_you_mean(const std::string& given, const std::vector<std::string>& names) {
  const auto near = nearest_name(given, names);
  return near ? " (did you mean " + *near + "?)" : std::string();
}

}  // namespace mao_program
