// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Whether one method beats another over data sets: the exact Wilcoxon signed-rank test.

#include <cstdint>
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

/// The signed-rank test of paired results, for example the accuracies of two methods on the same data sets.
///
/// Pairs that do not differ are left out; equal differences share the mean of their ranks. The p-values are exact,
/// given those ranks (no normal approximation): the chance of a rank sum at least as extreme, when every sign is a fair
/// coin. Differences are compared in steps of `resolution`, so that 0.3 - 0.1 equals 0.2.
/// **Throws** `ShapeError` for lists of different lengths, `DataError` for a value that is not finite, `OptionError`
/// for a resolution of 0 or below. **Source** Wilcoxon, "Individual comparisons by ranking methods", 1945.
SignedRanks wilcoxon(const std::vector<double>& first, const std::vector<double>& second, double resolution = 1e-9);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/evaluation/impl/wilcoxon.ipp>
#endif
