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

MAO_INLINE void Description::add(std::string_view setting, const Description& of) {
  add_text(setting, of.name);
  const std::string prefix = std::string(setting) + ".";
  for (const auto& [part, value] : of.settings) add_text(prefix + part, value);
}

MAO_INLINE Description Description::followed_by(const Description& more) const {
  Description all = *this;
  all.settings.insert(all.settings.end(), more.settings.begin(), more.settings.end());
  return all;
}

MAO_INLINE void Description::add_text(std::string_view setting, std::string value) {
  settings.emplace_back(setting, std::move(value));
}

}  // namespace mao
