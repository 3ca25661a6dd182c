// SPDX-License-Identifier: Apache-2.0
#pragma once
// Schedules of the reference's table of learning rates, schedules.json.

#include <fstream>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/schedules/warm_up.hpp>
#include <support/golden.hpp>

namespace mao_test {

/// The rows whose LR_SCHEDULER is `kind`.
inline std::vector<nlohmann::json> schedule_rows(const std::filesystem::path& folder, const std::string& kind) {
  std::ifstream in(folder / "schedules.json");
  const auto tables = nlohmann::json::parse(in);
  std::vector<nlohmann::json> found;
  for (const auto& row : tables.at("rows")) {
    if (row.at("cfg").at("LR_SCHEDULER") == kind) found.push_back(row);
  }
  return found;
}

/// What the options of all schedules with a warm-up have in common.
template <class Options>
Options schedule_options(const nlohmann::json& cfg) {
  const bool linear = cfg.at("WARMUP_TYPE") == "linear";
  Options options;
  options.epochs = cfg.at("MAX_EPOCH");
  options.learning_rate = cfg.at("LR");
  options.warmup_epochs = cfg.at("WARMUP_EPOCH");
  options.warmup_learning_rate = cfg.at(linear ? "WARMUP_MIN_LR" : "WARMUP_CONS_LR");
  options.warmup = linear ? mao::WarmUp::Linear : mao::WarmUp::Constant;
  options.recount = cfg.at("WARMUP_RECOUNT");
  return options;
}

/// The rates of all epochs.
template <class Schedule>
std::vector<double> rates(const Schedule& schedule) {
  std::vector<double> result;
  for (int epoch = 0; epoch < schedule.epochs(); ++epoch) result.push_back(schedule.learning_rate(epoch));
  return result;
}

}  // namespace mao_test
