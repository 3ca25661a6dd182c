// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// In words what a run uses where a setting is 0, which stands for a default.

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace mao {

/// What a stage uses unless told otherwise: the defaults of `PlainOptions` and `MaoBaseOptions`.
struct StageDefaults {
  int epochs;
  double learning_rate;
};
inline constexpr StageDefaults plain_defaults{20, 0.002}, base_stage_defaults{10, 0.0035};
inline constexpr int plain_batch = 32;

namespace detail {

inline std::string default_text(const std::string& value) { return "default (" + value + ")"; }

}  // namespace detail

/// `default (20)` for `epochs` 0 of a run with the settings `method`; empty where `value` was chosen, or where 0 is not
/// a default. `path`: as `/method/epochs`.
inline std::string default_words(std::string_view path, const nlohmann::json& value, const nlohmann::json& method) {
  if (!value.is_number() || value.get<double>() != 0) return {};
  if (path == "/data/shot_seed") return "default (the training seed)";
  if (path == "/data/views") return "default (a new view each time)";
  if (path != "/method/epochs" && path != "/method/lr" && path != "/method/batch" && path != "/method/k") return {};
  const bool mao = method.value("mao", false), starts_plain = method.value("steps", std::string()).ends_with("new");
  const bool base_stage = mao && !starts_plain;
  if (method.value("name", std::string()) == "zero-shot" || (path == "/method/k" && !base_stage)) return "not used";
  if (path == "/method/k" || (path == "/method/batch" && base_stage)) return "default (by the number of classes)";
  const StageDefaults& defaults = base_stage ? base_stage_defaults : plain_defaults;
  if (path == "/method/batch") return detail::default_text(std::to_string(plain_batch));
  if (path == "/method/epochs") return detail::default_text(std::to_string(defaults.epochs));
  return detail::default_text(nlohmann::json(defaults.learning_rate).dump());
}

}  // namespace mao
