// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Summaries as tables of words: to read, to typeset, to compute with.

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "report/published.hpp"
#include "report/summary.hpp"
#include "report/svg.hpp"
#include "report/text_table.hpp"
#include "report/transfer.hpp"

namespace mao {

/// `82.14 ± 0.31`; without a deviation where there is but one seed, `–` where nothing was tested.
inline std::string mean_text(const MeanStd& value, std::size_t seeds) {
  if (!std::isfinite(value.mean) || seeds < 2) return number_text(value.mean, 2);
  return number_text(value.mean, 2) + " ± " + number_text(value.deviation, 2);
}

/// `Average (3 data sets)`.
inline std::string average_title(std::size_t data_sets) { return text_of("Average (", data_sets, " data sets)"); }

namespace detail {

inline std::vector<std::string> score_cells(const std::string& data_set, const std::string& method,
                                            const ScoreStatistics& scores) {
  const std::size_t n = scores.seeds.size();
  return {data_set, method, mean_text(scores.base, n), mean_text(scores.fresh, n), mean_text(scores.h, n)};
}

inline void add_published(TextTable& table, const Summary& summary, const std::string& title,
                          const std::vector<std::string>& data_sets) {
  std::vector<std::string> keys;
  for (const MethodSummary& method : summary.methods) {
    if (std::ranges::find(keys, method.key) == keys.end()) keys.push_back(method.key);
  }
  for (const std::string& key : keys) {
    for (const PublishedRow* row : published_of(key)) {
      const auto scores = published_average(*row, data_sets);
      if (!scores) continue;
      table.add({title, text_of(row->title, ", ", row->source), number_text(scores->base, 2),
                 number_text(scores->fresh, 2), number_text(scores->h, 2)});
    }
  }
}

}  // namespace detail

/// A row for each data set and method, the averages first; with `published`, below each data set the published rows of
/// the same methods. Where no method was tested on new classes there is one column, the accuracy on all.
inline TextTable score_table(const Summary& summary, bool published = false) {
  TextTable table{.header = {"data set", "method", "Base", "New", "H"}, .first_number = 2};
  const auto tested = [](const auto& entry) { return std::isfinite(entry.second.fresh.mean); };
  const bool with_new = std::ranges::any_of(
      summary.methods, [&](const MethodSummary& method) { return std::ranges::any_of(method.scores, tested); });
  if (summary.data_sets.size() > 1) {
    const std::string title = average_title(summary.data_sets.size());
    for (const MethodSummary& method : summary.methods) {
      const auto average = average_scores(method, summary.data_sets);
      if (average) table.add(detail::score_cells(title, method.label(), *average));
    }
    if (published && with_new) detail::add_published(table, summary, title, summary.data_sets);
  }
  for (const std::string& data_set : summary.data_sets) {
    for (const MethodSummary& method : summary.methods) {
      const auto found = method.scores.find(data_set);
      if (found != method.scores.end()) table.add(detail::score_cells(data_set, method.label(), found->second));
    }
    if (published && with_new) detail::add_published(table, summary, data_set, {data_set});
  }
  if (!with_new) {  // one accuracy: all classes compete
    table.header = {"data set", "method", "accuracy"};
    for (auto& row : table.rows) row.resize(3);
  }
  return table;
}

/// The same numbers in columns of their own, more digits, for programs. Empty cells: not tested.
inline TextTable score_columns(const Summary& summary) {
  TextTable table{.header = {"data_set", "method", "seeds", "base", "base_std", "new", "new_std", "h", "h_std"},
                  .first_number = 2};
  const auto number = [](double value) { return std::isfinite(value) ? number_text(value, 4) : std::string(); };
  const auto add = [&](const std::string& data_set, const MethodSummary& method, const ScoreStatistics& scores) {
    const bool tested = std::isfinite(scores.fresh.mean), many = scores.seeds.size() > 1;
    const auto deviation = [&](double value, bool known) { return many && known ? number(value) : std::string(); };
    table.add({data_set, method.label(), std::to_string(scores.seeds.size()), number(scores.base.mean),
               deviation(scores.base.deviation, true), number(scores.fresh.mean),
               deviation(scores.fresh.deviation, tested), number(scores.h.mean),
               deviation(scores.h.deviation, tested)});
  };
  for (const MethodSummary& method : summary.methods) {
    const auto average = average_scores(method, summary.data_sets);
    if (summary.data_sets.size() > 1 && average) add("average", method, *average);
  }
  for (const std::string& data_set : summary.data_sets) {
    for (const MethodSummary& method : summary.methods) {
      const auto found = method.scores.find(data_set);
      if (found != method.scores.end()) add(data_set, method, found->second);
    }
  }
  return table;
}

/// A row for each method, a column for each target.
inline TextTable transfer_text(const TransferTable& transfer) {
  TextTable table{.header = {"method", transfer.source + " (source)"}};
  for (const std::string& target : transfer.targets) table.header.push_back(target);
  table.header.push_back("average");
  for (const TransferRow& row : transfer.rows) {
    const auto seeds = static_cast<std::size_t>(row.seeds);
    std::vector<std::string> cells{row.method, mean_text(row.source, seeds)};
    for (const std::string& target : transfer.targets) {
      const auto found = row.targets.find(target);
      cells.push_back(found == row.targets.end() ? "–" : mean_text(found->second, seeds));
    }
    cells.push_back(number_text(target_average(row, transfer.targets).value_or(not_tested), 2));
    table.add(std::move(cells));
  }
  return table;
}

}  // namespace mao
