// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The exact Wilcoxon signed-rank test, to compare two methods over data sets.

#include <cstdint>
#include <vector>

namespace mao {

/// The result of the signed-rank test.
struct SignedRanks {
  std::int64_t pairs = 0;  ///< n, pairs with a difference
  double positive = 0;     ///< W+, rank sum of the pairs whose first value is larger
  double negative = 0;     ///< W-, of the others
  double greater = 1;      ///< p-value for "the first values are larger"
  double less = 1;         ///< p-value for "the first values are smaller"
  double two_sided = 1;    ///< p-value for any difference
};

/// The signed-rank test of paired results, for example the accuracies of two methods on the same data sets.
///
/// Pairs without a difference are left out; equal differences share the mean of their ranks. Given these ranks, the
/// p-values are exact (no normal approximation): the probability of a rank sum at least as extreme if every sign is
/// random. Differences are compared in steps of `resolution`, so that 0.3 - 0.1 equals 0.2.
/// **Throws** `ShapeError` for lists of different lengths, `DataError` for a value that is not finite, `OptionError`
/// for a resolution of 0 or below. **Source** Wilcoxon, "Individual comparisons by ranking methods", 1945.
SignedRanks wilcoxon(const std::vector<double>& first, const std::vector<double>& second, double resolution = 1e-9);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/evaluation/impl/wilcoxon.ipp>
#endif
