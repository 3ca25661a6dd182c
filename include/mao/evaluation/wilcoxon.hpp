// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Whether one method beats another over data sets: the exact Wilcoxon signed-rank test.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <mao/core/error.hpp>
#include <numeric>
#include <vector>

namespace mao {

/// What the signed-rank test finds.
struct SignedRanks {
  std::int64_t pairs = 0;  ///< n, pairs that differ
  double positive = 0;     ///< W+, rank sum of the pairs whose first value is larger
  double negative = 0;     ///< W-, of the others
  double greater = 1;      ///< p: the first values are not larger, against that they are
  double less = 1;         ///< p: the first values are not smaller, against that they are
  double two_sided = 1;    ///< p: no difference, against any
};

namespace detail {

/// Twice the ranks of ascending sizes, from 1; equal ones share their mean. Twice, because a mean may end in one half.
inline std::vector<std::int64_t> doubled_ranks(const std::vector<double>& ascending) {
  std::vector<std::int64_t> ranks(ascending.size());
  for (std::size_t first = 0, end = 0; first < ascending.size(); first = end) {
    while (end < ascending.size() && ascending[end] == ascending[first]) ++end;
    std::fill(ranks.begin() + static_cast<std::ptrdiff_t>(first), ranks.begin() + static_cast<std::ptrdiff_t>(end),
              static_cast<std::int64_t>(first + end + 1));
  }
  return ranks;
}

/// Probability of each rank sum when each rank counts by a fair coin. **Shape** [sum of ranks + 1].
inline std::vector<double> coin_sums(const std::vector<std::int64_t>& ranks) {
  std::vector<double> chance{1.0};
  for (const std::int64_t rank : ranks) {
    const std::size_t before = chance.size();
    chance.resize(before + static_cast<std::size_t>(rank), 0.0);
    for (std::size_t sum = chance.size(); sum-- > 0;) {
      const std::size_t step = static_cast<std::size_t>(rank);
      chance[sum] = 0.5 * (chance[sum] + (sum >= step ? chance[sum - step] : 0.0));
    }
  }
  return chance;
}

}  // namespace detail

/// The signed-rank test of paired results, for example the accuracies of two methods on the same data sets.
///
/// Pairs that do not differ are left out; equal differences share the mean of their ranks. The p-values are exact,
/// given those ranks (no normal approximation): the chance of a rank sum at least as extreme, when every sign is a fair
/// coin. Differences are compared in steps of `resolution`, so that 0.3 - 0.1 equals 0.2.
/// **Throws** `ShapeError` for lists of different lengths, `DataError` for a value that is not finite, `OptionError`
/// for a resolution of 0 or below. **Source** Wilcoxon, "Individual comparisons by ranking methods", 1945.
inline SignedRanks wilcoxon(const std::vector<double>& first, const std::vector<double>& second,
                            double resolution = 1e-9) {
  require<ShapeError>(first.size() == second.size(), "wilcoxon: ", first.size(), " and ", second.size(),
                      " results, expected pairs");
  require<OptionError>(resolution > 0, "wilcoxon: resolution = ", resolution, ", expected above 0");
  std::vector<double> differences;  // in steps of the resolution
  for (std::size_t i = 0; i < first.size(); ++i) {
    const double difference = std::round((first[i] - second[i]) / resolution);
    require<DataError>(std::isfinite(difference), "wilcoxon: pair ", i, " is ", first[i], " and ", second[i],
                       ", expected finite numbers");
    if (difference != 0) differences.push_back(difference);
  }
  std::ranges::sort(differences, {}, [](double x) { return std::abs(x); });
  std::vector<double> sizes(differences.size());
  std::ranges::transform(differences, sizes.begin(), [](double x) { return std::abs(x); });
  const std::vector<std::int64_t> ranks = detail::doubled_ranks(sizes);
  const std::int64_t total = std::accumulate(ranks.begin(), ranks.end(), std::int64_t{0});
  std::int64_t positive = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) positive += differences[i] > 0 ? ranks[i] : 0;
  const std::vector<double> chance = detail::coin_sums(ranks);
  const auto tail = [&](std::int64_t largest) {  // P(rank sum <= largest)
    return std::min(1.0, std::accumulate(chance.begin(), chance.begin() + largest + 1, 0.0));
  };
  SignedRanks result{.pairs = static_cast<std::int64_t>(ranks.size()),
                     .positive = 0.5 * static_cast<double>(positive),
                     .negative = 0.5 * static_cast<double>(total - positive)};
  result.greater = tail(total - positive);  // the distribution is symmetric
  result.less = tail(positive);
  result.two_sided = std::min(1.0, 2 * std::min(result.greater, result.less));
  return result;
}

}  // namespace mao
