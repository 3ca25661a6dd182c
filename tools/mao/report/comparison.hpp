// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One method against another over data sets, by the signed-rank test.

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <mao/evaluation/wilcoxon.hpp>

#include "report/summary.hpp"
#include "report/svg.hpp"
#include "report/text_table.hpp"

namespace mao {

/// Two methods on the data sets that both have, one score of them.
struct Comparison {
  std::string first, second;  ///< labels
  std::string score;          ///< "Base", "New" or "H"
  std::size_t data_sets = 0;
  double difference = 0;  ///< mean of first - second
  std::size_t better = 0, worse = 0;
  SignedRanks ranks{};
};

/// Compares Base, New and H of two methods, those that both were tested on; nothing without a common data set.
inline std::vector<Comparison> compare_methods(const MethodSummary& first, const MethodSummary& second) {
  using Score = MeanStd ScoreStatistics::*;
  const std::vector<std::pair<std::string, Score>> kinds{
      {"Base", &ScoreStatistics::base}, {"New", &ScoreStatistics::fresh}, {"H", &ScoreStatistics::h}};
  std::vector<Comparison> result;
  for (const auto& [name, kind] : kinds) {
    std::vector<double> left, right;
    Comparison comparison{.first = first.label(), .second = second.label(), .score = name};
    for (const auto& [data_set, scores] : first.scores) {
      const auto other = second.scores.find(data_set);
      if (other == second.scores.end()) continue;
      const double x = (scores.*kind).mean, y = (other->second.*kind).mean;
      if (!std::isfinite(x) || !std::isfinite(y)) continue;
      left.push_back(x);
      right.push_back(y);
      comparison.difference += x - y;
      comparison.better += x > y ? 1 : 0;
      comparison.worse += x < y ? 1 : 0;
    }
    if (left.empty()) continue;
    comparison.data_sets = left.size();
    comparison.difference /= static_cast<double>(left.size());
    comparison.ranks = wilcoxon(left, right);
    result.push_back(std::move(comparison));
  }
  return result;
}

/// Each method of `first` against each of `second`, zero-shot left out. Methods of one title are told apart by what
/// differs between the two lists too.
inline std::vector<Comparison> compare_summaries(const Summary& first, const Summary& second) {
  std::vector<MethodSummary> all = first.methods;
  all.insert(all.end(), second.methods.begin(), second.methods.end());
  std::erase_if(all, [](const MethodSummary& method) { return method.key == "zero-shot"; });
  detail::name_variants(all);
  const auto middle = all.begin() + std::ranges::count_if(first.methods, [](const MethodSummary& method) {
                        return method.key != "zero-shot";
                      });
  std::vector<Comparison> result;
  for (auto mine = all.begin(); mine != middle; ++mine) {
    for (auto other = middle; other != all.end(); ++other) {
      const auto scores = compare_methods(*mine, *other);
      result.insert(result.end(), scores.begin(), scores.end());
    }
  }
  return result;
}

/// Comparisons as a table; p is two-sided and exact.
inline TextTable comparison_table(const std::vector<Comparison>& comparisons) {
  TextTable table{
      .header = {"method", "against", "score", "data sets", "difference", "better", "worse", "W+", "W-", "p"},
      .first_number = 3};
  for (const Comparison& c : comparisons) {
    table.add({c.first, c.second, c.score, std::to_string(c.data_sets), signed_text(c.difference, 2),
               std::to_string(c.better), std::to_string(c.worse), number_text(c.ranks.positive, 1),
               number_text(c.ranks.negative, 1), number_text(c.ranks.two_sided, 4)});
  }
  return table;
}

}  // namespace mao
