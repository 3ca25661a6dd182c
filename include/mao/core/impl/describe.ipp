// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/describe.hpp>

#include <algorithm>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE Description Description::without(std::string_view setting) const {
  Description fewer(name);
  std::ranges::copy_if(settings, std::back_inserter(fewer.settings),
                       [&](const auto& entry) { return entry.first != setting; });
  return fewer;
}

MAO_INLINE std::string Description::text() const {
  std::string all = name;
  for (const auto& [setting, value] : settings) all += ", " + setting + " " + value;
  return all;
}

MAO_INLINE void Description::add(const std::string& setting, const Description& of) {
  settings.emplace_back(setting, of.name);
  for (const auto& [part, value] : of.settings) settings.emplace_back(setting + "." + part, value);
}

}  // namespace mao
