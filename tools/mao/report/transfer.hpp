// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Runs that were tested on other data sets, put together by method.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <mao/evaluation/metrics.hpp>

#include "report/summary.hpp"

namespace mao {

/// Accuracies of one method tuned on one data set, in percent, over seeds.
struct TransferRow {
  std::string key;     ///< of published rows
  std::string method;  ///< label
  MeanStd source{not_tested, 0};
  std::map<std::string, MeanStd> targets{};  ///< by title
  std::int64_t seeds = 0;
};

/// The runs tuned on one data set.
struct TransferTable {
  std::string source;                ///< title
  std::vector<std::string> targets;  ///< titles, in the order of the papers
  std::vector<TransferRow> rows;     ///< zero-shot first
};

/// The mean over the targets; nothing when one is missing.
inline std::optional<double> target_average(const TransferRow& row, const std::vector<std::string>& targets) {
  double sum = 0;
  for (const std::string& target : targets) {
    const auto found = row.targets.find(target);
    if (found == row.targets.end() || !std::isfinite(found->second.mean)) return std::nullopt;
    sum += found->second.mean / static_cast<double>(targets.size());
  }
  return targets.empty() ? std::nullopt : std::optional(sum);
}

namespace detail {

inline TransferRow transfer_row(const MethodSummary& method, const std::vector<const RunRecord*>& runs) {
  std::map<std::uint64_t, const SeedRecord*> seeds;
  for (const RunRecord* run : runs) {
    for (const SeedRecord& seed : run->seeds) seeds.try_emplace(seed.seed, &seed);
  }
  std::vector<double> source;
  std::map<std::string, std::vector<double>> targets;
  for (const auto& [number, seed] : seeds) {
    if (std::isfinite(seed->source)) source.push_back(seed->source);
    for (const auto& [name, accuracy] : seed->targets) {
      if (std::isfinite(accuracy)) targets[data_set_title(name)].push_back(accuracy);
    }
  }
  TransferRow row{.key = method.key, .method = method.label(), .seeds = static_cast<std::int64_t>(seeds.size())};
  if (!source.empty()) row.source = mean_std(source);
  for (const auto& [name, accuracies] : targets) row.targets[name] = mean_std(accuracies);
  return row;
}

}  // namespace detail

/// A table for each source data set among the transfer runs.
inline std::vector<TransferTable> summarize_transfer(const std::vector<RunRecord>& runs) {
  std::vector<const RunRecord*> chosen;
  for (const RunRecord& run : runs) {
    if (run.transfer) chosen.push_back(&run);
  }
  const Summary groups = group_runs(chosen);
  std::map<std::string, TransferTable> tables;
  for (const MethodSummary& method : groups.methods) {
    for (const auto& [source, of_it] : method.runs) {
      TransferTable& table =
          tables.try_emplace(source, TransferTable{.source = source, .targets = {}, .rows = {}}).first->second;
      for (const RunRecord* run : of_it) {
        if (!run->zero_shot || run->zero_shot->targets.empty() || !table.rows.empty()) continue;
        TransferRow zero_shot{.key = "zero-shot", .method = method_title("zero-shot")};
        for (const auto& [name, accuracy] : run->zero_shot->targets) {
          const std::string title = data_set_title(name);
          (title == source ? zero_shot.source : zero_shot.targets[title]) = {accuracy, 0};
        }
        if (!std::isfinite(zero_shot.source.mean)) zero_shot.source = {run->zero_shot->scores.base, 0};
        table.rows.push_back(std::move(zero_shot));
      }
      table.rows.push_back(detail::transfer_row(method, of_it));
    }
  }
  std::vector<TransferTable> result;
  for (auto& [source, table] : tables) {
    std::set<std::string> targets;
    for (const TransferRow& row : table.rows) {
      for (const auto& [name, accuracy] : row.targets) targets.insert(name);
    }
    table.targets.assign(targets.begin(), targets.end());
    sort_data_sets(table.targets);
    result.push_back(std::move(table));
  }
  return result;
}

}  // namespace mao
