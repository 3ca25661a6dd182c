// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// When prompt tokens are removed, and which ones.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mao {

/// Saliencies of different blocks and towers have different scales. This is the divisor before they are ranked.
enum class SaliencyScale {
  Raw,    ///< none
  Layer,  ///< the Euclidean norm over their block
  Tower,  ///< the Euclidean norm over their tower
};

/// The number of tokens that remain after a number of epochs: `T + (T0 - T)(1 - r/R)^3` after event r of R, rounded.
struct PruningSchedule {
  std::int64_t start = 0;   ///< T0
  std::int64_t target = 0;  ///< T
  double until = 0.5;       ///< fraction of the epochs in which tokens are removed
  int interval = 1;         ///< epochs between events

  /// **Throws** `OptionError` for a setting out of range.
  void check() const;

  [[nodiscard]] std::int64_t kept(int epochs_done, int horizon) const {
    const int last = std::max(1, static_cast<int>(std::lround(until * horizon)));
    const int step = std::min(interval, last), events = last / step;
    const double left = 1.0 - static_cast<double>(std::min(events, epochs_done / step)) / events;
    return target + std::llround(static_cast<double>(start - target) * left * left * left);
  }
};

/// Scores divided by their scale. **Shape** layer * count + place.
std::vector<double> scaled(std::vector<double> scores, std::size_t layers, SaliencyScale scale);

/// The positions of the `count` lowest scores among those that are `in`; among equal ones, the first.
std::vector<std::int64_t> lowest(const std::vector<double>& scores, const std::vector<bool>& in, std::int64_t count);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/impl/pruning.ipp>
#endif
