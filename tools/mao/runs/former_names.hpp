// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Settings that were written under names which mao no longer uses.

#include <nlohmann/json.hpp>

namespace mao {

/// The settings of a run by the names of today: what older runs call `learner.learner` is `method.name`.
inline nlohmann::json with_current_names(nlohmann::json settings) {
  if (!settings.is_object() || settings.contains("method") || !settings.contains("learner")) return settings;
  nlohmann::json method = settings.at("learner");
  if (method.is_object() && method.contains("learner")) {
    method["name"] = method.at("learner");
    method.erase("learner");
  }
  settings["method"] = std::move(method);
  settings.erase("learner");
  return settings;
}

}  // namespace mao
