// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/evaluation/wilcoxon.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

/// Twice the ranks of ascending sizes, from 1; equal ones share their mean. Twice, because a mean may end in one half.
MAO_INLINE std::vector<std::int64_t> doubled_ranks(const std::vector<double>& ascending) {
  std::vector<std::int64_t> ranks(ascending.size());
  for (std::size_t first = 0, end = 0; first < ascending.size(); first = end) {
    while (end < ascending.size() && ascending[end] == ascending[first]) ++end;
    std::fill(ranks.begin() + static_cast<std::ptrdiff_t>(first), ranks.begin() + static_cast<std::ptrdiff_t>(end),
              static_cast<std::int64_t>(first + end + 1));
  }
  return ranks;
}

/// Probability of each rank sum when each rank counts by a fair coin. **Shape** [sum of ranks + 1].
MAO_INLINE std::vector<double> coin_sums(const std::vector<std::int64_t>& ranks) {
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

}  // namespace mao::detail

namespace mao {

MAO_INLINE SignedRanks wilcoxon(const std::vector<double>& first, const std::vector<double>& second,
                                double resolution) {
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
