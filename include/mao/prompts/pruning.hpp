// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// When and which prompt tokens are taken out.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include <mao/core/error.hpp>

namespace mao {

/// Saliencies of different blocks and towers are not on one scale; by what they are divided before they are ranked.
enum class SaliencyScale {
  Raw,    ///< by nothing
  Layer,  ///< by the Euclidean norm over their block
  Tower,  ///< by the Euclidean norm over their tower
};

/// How many tokens are in after so many epochs: `T + (T0 - T)(1 - r/R)^3` after event r of R, rounded.
struct PruningSchedule {
  std::int64_t start = 0;   ///< T0
  std::int64_t target = 0;  ///< T
  double until = 0.5;       ///< fraction of the epochs in which tokens are taken out
  int interval = 1;         ///< epochs from event to event

  /// **Throws** `OptionError` for a setting out of range.
  void check() const {
    require<OptionError>(target >= 0 && target <= start, "pruning: target = ", target, ", there are ", start,
                         " tokens to start with; choose a target of 0 to ", start, " or more tokens for each block");
    require<OptionError>(until > 0 && until <= 1, "pruning: until = ", until, ", expected above 0 and at most 1");
    require<OptionError>(interval > 0, "pruning: interval = ", interval, " epochs, expected 1 or more");
  }

  [[nodiscard]] std::int64_t kept(int epochs_done, int horizon) const {
    const int last = std::max(1, static_cast<int>(std::lround(until * horizon)));
    const int step = std::min(interval, last), events = last / step;
    const double left = 1.0 - static_cast<double>(std::min(events, epochs_done / step)) / events;
    return target + std::llround(static_cast<double>(start - target) * left * left * left);
  }
};

/// Scores over their scale. **Shape** layer * count + place.
inline std::vector<double> scaled(std::vector<double> scores, std::size_t layers, SaliencyScale scale) {
  if (scale == SaliencyScale::Raw || scores.empty()) return scores;
  const std::size_t group = scale == SaliencyScale::Tower ? scores.size() : scores.size() / layers;
  for (std::size_t first = 0; first < scores.size(); first += group) {
    double squares = 0;
    for (std::size_t i = first; i < first + group; ++i) squares += scores[i] * scores[i];
    for (std::size_t i = first; squares > 0 && i < first + group; ++i) scores[i] /= std::sqrt(squares);
  }
  return scores;
}

/// The positions of the `count` lowest scores among those that are `in`; of equal ones the first.
inline std::vector<std::int64_t> lowest(const std::vector<double>& scores, const std::vector<bool>& in,
                                        std::int64_t count) {
  std::vector<std::int64_t> order;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i]) order.push_back(static_cast<std::int64_t>(i));
  }
  std::ranges::stable_sort(order, {}, [&](std::int64_t i) { return scores[static_cast<std::size_t>(i)]; });
  order.resize(static_cast<std::size_t>(std::clamp<std::int64_t>(count, 0, static_cast<std::int64_t>(order.size()))));
  return order;
}

}  // namespace mao
