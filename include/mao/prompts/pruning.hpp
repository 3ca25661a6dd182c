// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// When and which prompt tokens are taken out.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mao {

/// Saliencies of different blocks and towers are not on one scale; by what they are divided before they are ranked.
enum class SaliencyScale {
  Raw,    ///< by nothing
  Layer,  ///< by the Euclidean norm over their block
  Tower,  ///< by the Euclidean norm over their tower
};

/// How many tokens remain after a number of epochs: `T + (T0 - T)(1 - r/R)^3` after event r of R, rounded.
struct PruningSchedule {
  std::int64_t start = 0;   ///< T0
  std::int64_t target = 0;  ///< T
  double until = 0.5;       ///< fraction of the epochs in which tokens are taken out
  int interval = 1;         ///< epochs from event to event

  /// **Throws** `OptionError` for a setting out of range.
  void check() const;

  [[nodiscard]] std::int64_t kept(int epochs_done, int horizon) const {
    const int last = std::max(1, static_cast<int>(std::lround(until * horizon)));
    const int step = std::min(interval, last), events = last / step;
    const double left = 1.0 - static_cast<double>(std::min(events, epochs_done / step)) / events;
    return target + std::llround(static_cast<double>(start - target) * left * left * left);
  }
};

/// Scores over their scale. **Shape** layer * count + place.
std::vector<double> scaled(std::vector<double> scores, std::size_t layers, SaliencyScale scale);

/// The positions of the `count` lowest scores among those that are `in`; of equal ones the first.
std::vector<std::int64_t> lowest(const std::vector<double>& scores, const std::vector<bool>& in, std::int64_t count);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/impl/pruning.ipp>
#endif
