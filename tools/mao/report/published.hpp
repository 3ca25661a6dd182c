// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Published base-to-new results of the family, to lay beside one's own: CLIP ViT-B/16, 16 shots, the eleven data sets.

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mao/evaluation/metrics.hpp>

namespace mao {

/// A row of a published table, accuracies in percent in the order of the papers: ImageNet, Caltech101, OxfordPets,
/// StanfordCars, Flowers102, Food101, FGVCAircraft, SUN397, DTD, EuroSAT, UCF101.
struct PublishedRow {
  std::string_view method;  ///< the method as `mao tune` calls it, `+mao` behind it where the row has MAO
  std::string_view title;
  std::string_view source;
  std::array<double, 11> base, fresh;
};

// clang-format off
/// All rows. **Source** as each says; checked against the averages that the papers print.
inline constexpr std::array<PublishedRow, 23> published_rows{{
    {"zero-shot", "CLIP", "CoCoOp paper",
     {72.43, 96.84, 91.17, 63.37, 72.08, 90.10, 27.19, 69.36, 53.24, 56.48, 70.53},
     {68.14, 94.00, 97.26, 74.89, 77.80, 91.22, 36.29, 75.35, 59.90, 64.05, 77.50}},
    {"coop", "CoOp", "CoCoOp paper, 200 epochs",
     {76.47, 98.00, 93.67, 78.12, 97.60, 88.33, 40.44, 80.60, 79.44, 92.19, 84.69},
     {67.88, 89.81, 95.29, 60.40, 59.67, 82.26, 22.30, 65.89, 41.18, 54.74, 56.05}},
    {"coop", "CoOp", "MAO paper, 20 epochs",
     {76.41, 97.55, 95.06, 75.69, 96.96, 90.49, 37.33, 80.99, 80.09, 87.60, 83.66},
     {68.85, 94.65, 97.60, 70.14, 68.37, 91.47, 24.24, 74.10, 49.88, 51.62, 66.31}},
    {"coop+mao", "CoOp + MAO", "MAO paper",
     {76.53, 98.06, 95.53, 77.24, 96.77, 91.03, 39.56, 80.73, 80.44, 87.12, 84.28},
     {68.82, 94.20, 98.32, 75.32, 77.38, 91.63, 31.79, 76.29, 59.66, 67.74, 74.20}},
    {"cocoop", "CoCoOp", "CoCoOp paper",
     {75.98, 97.96, 95.20, 70.49, 94.87, 90.70, 33.41, 79.74, 77.01, 87.49, 82.33},
     {70.43, 93.81, 97.69, 73.59, 71.75, 91.29, 23.71, 76.86, 56.00, 60.04, 73.45}},
    {"maple", "MaPLe", "MaPLe paper",
     {76.66, 97.74, 95.43, 72.94, 95.92, 90.71, 37.44, 80.82, 80.36, 94.07, 83.00},
     {70.54, 94.36, 97.76, 74.00, 72.46, 92.05, 35.61, 78.70, 59.18, 73.23, 78.66}},
    {"maple", "MaPLe", "MAO paper, 20 epochs",
     {76.91, 97.98, 95.23, 77.63, 97.03, 89.85, 40.82, 81.54, 82.18, 94.96, 84.55},
     {67.96, 94.50, 97.67, 71.21, 72.67, 90.47, 34.01, 75.93, 55.63, 72.19, 74.15}},
    {"maple+mao", "MaPLe + MAO", "MAO paper",
     {76.79, 98.13, 95.85, 79.90, 97.06, 91.14, 41.88, 81.43, 83.14, 95.65, 84.89},
     {68.72, 94.47, 97.54, 75.12, 77.47, 91.23, 32.45, 76.78, 62.02, 70.87, 74.83}},
    {"promptsrc", "PromptSRC", "PromptSRC paper",
     {77.60, 98.10, 95.33, 78.27, 98.07, 90.67, 42.73, 82.67, 83.37, 92.90, 87.10},
     {70.73, 94.03, 97.30, 74.97, 76.50, 91.53, 37.87, 78.47, 62.97, 73.90, 78.80}},
    {"promptsrc", "PromptSRC", "MAO paper, 20 epochs",
     {77.28, 97.93, 95.41, 76.34, 97.06, 90.83, 39.20, 82.28, 83.45, 92.84, 85.28},
     {70.72, 94.21, 97.30, 74.98, 73.19, 91.58, 35.33, 78.08, 54.31, 74.73, 78.13}},
    {"promptsrc+mao", "PromptSRC + MAO", "MAO paper",
     {76.51, 98.13, 95.59, 80.91, 95.54, 90.79, 45.32, 81.51, 84.26, 94.88, 86.40},
     {72.53, 94.12, 96.92, 76.01, 77.94, 91.23, 33.29, 77.42, 64.25, 70.10, 75.39}},
    {"prograd", "ProGrad", "base-to-new table of later papers",
     {77.02, 98.02, 95.07, 77.68, 95.54, 90.37, 40.54, 81.26, 77.35, 90.11, 84.33},
     {66.66, 93.89, 97.63, 68.63, 71.87, 89.59, 27.57, 74.17, 52.35, 60.89, 74.94}},
    {"kgcoop", "KgCoOp", "KgCoOp paper",
     {75.83, 97.72, 94.65, 71.76, 95.00, 90.50, 36.21, 80.29, 77.55, 85.64, 82.89},
     {69.96, 94.39, 97.76, 75.04, 74.73, 91.70, 33.55, 76.53, 54.99, 64.34, 76.67}},
    {"tcp", "TCP", "TCP paper",
     {77.27, 98.23, 94.67, 80.80, 97.73, 90.57, 41.97, 82.63, 82.77, 91.63, 87.13},
     {69.87, 94.67, 97.20, 74.13, 75.57, 91.37, 34.43, 78.20, 58.07, 74.73, 80.77}},
    {"dept", "KgCoOp + DePT", "DePT paper",
     {77.03, 98.30, 94.33, 79.13, 98.00, 90.50, 43.20, 82.33, 82.20, 89.03, 85.80},
     {70.13, 94.60, 97.23, 75.47, 76.37, 91.60, 34.83, 77.80, 59.13, 71.07, 77.23}},
    {"dept", "PromptSRC + DePT", "DePT paper",
     {78.20, 98.57, 95.43, 80.80, 98.40, 90.87, 45.70, 83.27, 84.80, 93.23, 87.73},
     {70.27, 94.10, 97.33, 75.00, 77.10, 91.57, 36.73, 78.97, 61.20, 77.90, 77.70}},
    {"dept", "VPT + DePT", "DePT paper",
     {78.40, 98.67, 95.50, 82.13, 98.17, 90.27, 45.30, 83.03, 84.90, 93.77, 87.73},
     {68.90, 94.33, 96.33, 72.17, 73.20, 91.03, 31.87, 77.77, 56.60, 76.30, 75.10}},
    {"coprompt", "CoPrompt", "SkipTuning paper (re-run)",
     {76.53, 98.60, 94.73, 73.17, 96.93, 90.37, 36.17, 82.30, 83.00, 93.77, 86.20},
     {71.30, 95.17, 96.70, 70.63, 75.50, 91.53, 34.47, 79.63, 63.20, 71.73, 78.70}},
    {"skiptuning", "SkipTuning", "SkipTuning paper",
     {77.73, 98.50, 95.70, 82.93, 98.57, 90.67, 45.37, 82.40, 83.77, 92.47, 87.30},
     {70.40, 95.33, 97.87, 72.50, 75.80, 92.03, 37.13, 79.03, 67.23, 83.00, 82.47}},
    {"promptkd", "PromptKD", "PromptKD paper",
     {80.83, 98.91, 96.30, 82.80, 99.42, 92.43, 49.12, 83.69, 85.84, 97.54, 89.71},
     {74.66, 96.65, 98.01, 83.37, 82.62, 93.68, 41.81, 81.54, 71.37, 82.08, 82.27}},
    {"dpc", "CoOp + DPC", "DPC paper",
     {77.72, 98.58, 95.80, 81.13, 98.86, 91.15, 45.56, 82.81, 84.61, 93.40, 87.02},
     {68.85, 94.65, 97.60, 70.14, 68.37, 91.47, 24.24, 74.10, 49.88, 51.62, 66.31}},
    {"dpc", "PromptSRC + DPC", "DPC paper",
     {78.48, 98.90, 96.13, 82.28, 97.44, 91.40, 46.74, 83.63, 86.88, 96.25, 88.99},
     {70.72, 94.21, 97.30, 74.98, 73.19, 91.58, 35.33, 78.08, 54.31, 74.73, 78.13}},
    {"dpc", "PromptKD + DPC", "DPC paper",
     {80.25, 98.77, 96.07, 84.17, 98.96, 92.41, 52.94, 83.28, 87.73, 98.29, 90.18},
     {74.66, 96.29, 97.99, 82.80, 82.91, 93.73, 41.75, 81.07, 71.01, 82.35, 81.50}},
}};
// clang-format on

/// Averages over some data sets, and H of the averages, as the papers compute it.
struct PublishedScores {
  double base = 0, fresh = 0, h = 0;
};

/// The data sets that rows are about, by their titles, in the order of the numbers.
inline constexpr std::array<std::string_view, 11> published_data_sets{
    "ImageNet",     "Caltech101", "OxfordPets", "StanfordCars", "Flowers102", "Food101",
    "FGVCAircraft", "SUN397",     "DTD",        "EuroSAT",      "UCF101"};

/// A row averaged over the data sets of those titles; nothing when one of them is none of the eleven, or there are
/// none.
inline std::optional<PublishedScores> published_average(const PublishedRow& row,
                                                        const std::vector<std::string>& titles) {
  PublishedScores sum;
  for (const std::string& title : titles) {
    const auto found = std::ranges::find(published_data_sets, title);
    if (found == published_data_sets.end()) return std::nullopt;
    const auto i = static_cast<std::size_t>(found - published_data_sets.begin());
    sum.base += row.base.at(i) / static_cast<double>(titles.size());
    sum.fresh += row.fresh.at(i) / static_cast<double>(titles.size());
  }
  if (titles.empty()) return std::nullopt;
  sum.h = harmonic_mean(sum.base, sum.fresh);
  return sum;
}

/// The rows of a method, `coop` or `coop+mao`, in the order of their papers.
inline std::vector<const PublishedRow*> published_of(std::string_view method) {
  std::vector<const PublishedRow*> rows;
  for (const PublishedRow& row : published_rows) {
    if (row.method == method) rows.push_back(&row);
  }
  return rows;
}

}  // namespace mao
