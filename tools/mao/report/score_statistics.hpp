// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Base, New and H over seeds.

#include <cmath>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <mao/evaluation/metrics.hpp>

#include "runs/run_record.hpp"

namespace mao {

/// Scores of one method on one data set. A mean is NaN where nothing was tested.
struct ScoreStatistics {
  MeanStd base{not_tested, 0}, fresh{not_tested, 0}, h{not_tested, 0};
  std::map<std::uint64_t, BaseNewScores> seeds{};
};

/// Means and deviations over seeds. H is that of the means, its deviation that of the seeds' own.
inline ScoreStatistics score_statistics(std::map<std::uint64_t, BaseNewScores> seeds) {
  std::vector<double> base, fresh, h;
  for (const auto& [seed, scores] : seeds) {
    base.push_back(scores.base);
    if (std::isfinite(scores.fresh)) fresh.push_back(scores.fresh);
    if (std::isfinite(scores.fresh)) h.push_back(harmonic_mean(scores.base, scores.fresh));
  }
  ScoreStatistics result;
  result.seeds = std::move(seeds);
  if (base.empty()) return result;
  result.base = mean_std(base);
  if (fresh.size() != base.size()) return result;
  result.fresh = mean_std(fresh);
  result.h = {harmonic_mean(result.base.mean, result.fresh.mean), mean_std(h).deviation};
  return result;
}

}  // namespace mao
