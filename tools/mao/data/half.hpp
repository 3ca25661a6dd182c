// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which classes of a data set.

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/error.hpp>

namespace mao_program {

/// The half of the classes that is trained on, the other one, or both.
enum class Half { Base, New, All };

inline constexpr std::array named_halves{std::pair{Half::All, "all"}, std::pair{Half::Base, "base"},
                                         std::pair{Half::New, "new"}};

/// As it stands on the command line and in messages.
inline const char* name_of(Half half) {
  return std::ranges::find(named_halves, half, &std::pair<Half, const char*>::first)->second;
}

inline std::vector<std::string> half_names() {
  std::vector<std::string> names;
  for (const auto& [half, name] : named_halves) names.emplace_back(name);
  return names;
}

/// **Throws** `OptionError` for another name.
inline Half half_named(const std::string& name) {
  for (const auto& [half, known] : named_halves) {
    if (name == known) return half;
  }
  throw mao::OptionError(mao::text_of("half ", name, ": expected all, base or new"));
}

}  // namespace mao_program
