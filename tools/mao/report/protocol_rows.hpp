// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The rows that `mao tune` prints for a method with MAO: the paper's protocol, one set of prompts, the first stage.

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "report/summary.hpp"
#include "tune/results.hpp"

namespace mao {

namespace detail {

/// Whether the method has two stages whose prompts are tested on new classes.
inline bool has_two_stages(const MethodSummary& method) {
  return method.key.ends_with("+mao") &&
         std::ranges::any_of(method.scores, [](const auto& entry) { return std::isfinite(entry.second.fresh.mean); });
}

/// The method with the scores of another protocol. Without scores where its runs do not have them.
inline MethodSummary by_protocol(const MethodSummary& method, ScoreProtocol protocol, const std::string& name) {
  MethodSummary other = method;
  other.title += " (" + name + ")";
  other.scores.clear();
  for (const auto& [data_set, runs] : method.runs) {
    auto seeds = seed_scores(runs, protocol);
    if (!seeds.empty()) other.scores[data_set] = score_statistics(std::move(seeds));
  }
  return other;
}

/// What the prompts of the first stage alone are called.
inline std::string first_stage_of(const MethodSummary& method) {
  const std::string steps = method.settings.value("/method/steps", std::string());
  return mao_program::first_stage_only(steps.ends_with("new"));
}

}  // namespace detail

/// The summary with three rows for a method with MAO: `CoOp + MAO (paper)`, `(single)` and `(base stage only)`.
inline Summary with_protocol_rows(const Summary& summary) {
  Summary all{.data_sets = summary.data_sets, .methods = {}};
  for (const MethodSummary& method : summary.methods) {
    MethodSummary& paper = all.methods.emplace_back(method);
    if (!detail::has_two_stages(method)) continue;
    paper.title += " (paper)";
    for (MethodSummary other : {detail::by_protocol(method, &SeedRecord::single, "single"),
                                detail::by_protocol(method, &SeedRecord::first, detail::first_stage_of(method))}) {
      if (!other.scores.empty()) all.methods.push_back(std::move(other));
    }
  }
  return all;
}

}  // namespace mao
