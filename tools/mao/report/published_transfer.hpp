// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Published results of prompts tuned on ImageNet and tested elsewhere: CLIP ViT-B/16, 16 shots.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mao {

/// A row of a published table, accuracies in percent.
template <std::size_t Targets>
struct PublishedTransfer {
  std::string_view method;  ///< as in `PublishedRow`
  std::string_view title;
  std::string_view source;
  double imagenet;
  std::array<double, Targets> targets;
};

/// The data sets of cross-data-set transfer and of domain generalisation, by their titles, in the order of the numbers.
inline constexpr std::array<std::string_view, 10> cross_data_set_targets{
    "Caltech101",   "OxfordPets", "StanfordCars", "Flowers102", "Food101",
    "FGVCAircraft", "SUN397",     "DTD",          "EuroSAT",    "UCF101"};
inline constexpr std::array<std::string_view, 4> domain_targets{"ImageNetV2", "ImageNet-Sketch", "ImageNet-A",
                                                                "ImageNet-R"};

// clang-format off
/// All rows. **Source** as each says; their averages are those that the papers print.
inline constexpr std::array<PublishedTransfer<10>, 10> published_cross_data_set{{
    {"coop", "CoOp", "CoCoOp paper", 71.51,
     {93.70, 89.14, 64.51, 68.71, 85.30, 18.47, 64.15, 41.92, 46.39, 66.55}},
    {"coop", "CoOp", "MAO paper", 71.25,
     {93.91, 89.97, 65.56, 67.88, 85.86, 22.11, 66.92, 42.55, 47.77, 67.30}},
    {"coop+mao", "CoOp + MAO", "MAO paper", 71.33,
     {93.75, 90.73, 65.03, 69.96, 85.88, 23.01, 66.14, 45.92, 46.78, 68.20}},
    {"cocoop", "CoCoOp", "CoCoOp paper", 71.02,
     {94.43, 90.14, 65.32, 71.88, 86.06, 22.94, 67.36, 45.73, 45.37, 68.21}},
    {"maple", "MaPLe", "MaPLe paper", 70.72,
     {93.53, 90.49, 65.57, 72.23, 86.20, 24.74, 67.01, 46.49, 48.06, 68.69}},
    {"maple", "MaPLe", "MAO paper", 70.11,
     {93.67, 89.72, 63.90, 69.63, 85.79, 21.24, 67.05, 44.92, 44.84, 67.17}},
    {"maple+mao", "MaPLe + MAO", "MAO paper", 71.86,
     {93.35, 90.49, 64.42, 71.01, 85.44, 24.96, 65.82, 45.21, 43.37, 65.45}},
    {"promptsrc", "PromptSRC", "PromptSRC paper", 71.27,
     {93.60, 90.25, 65.70, 70.25, 86.15, 23.90, 67.10, 46.87, 45.50, 68.75}},
    {"promptsrc", "PromptSRC", "MAO paper", 70.65,
     {93.43, 89.92, 65.95, 71.05, 86.21, 24.03, 67.63, 46.22, 42.59, 69.39}},
    {"promptsrc+mao", "PromptSRC + MAO", "MAO paper", 70.97,
     {93.35, 89.02, 66.20, 67.93, 86.02, 25.23, 67.08, 47.10, 46.51, 68.33}},
}};
inline constexpr std::array<PublishedTransfer<4>, 5> published_domains{{
    {"zero-shot", "CLIP", "CoCoOp paper", 66.73,
     {60.83, 46.15, 47.77, 73.96}},
    {"coop", "CoOp", "CoCoOp paper", 71.51,
     {64.20, 47.99, 49.71, 75.21}},
    {"cocoop", "CoCoOp", "CoCoOp paper", 71.02,
     {64.07, 48.75, 50.63, 76.18}},
    {"maple", "MaPLe", "MaPLe paper", 70.72,
     {64.07, 49.15, 50.90, 76.98}},
    {"promptsrc", "PromptSRC", "PromptSRC paper", 71.27,
     {64.35, 49.55, 50.90, 77.80}},
}};
// clang-format on

/// A published row on the targets of a table.
struct PublishedTargets {
  std::string_view title, source;
  double imagenet = 0;
  std::vector<double> targets;  ///< in the table's order
};

namespace detail {

/// Those rows of a method that have every one of the targets.
template <std::size_t Rows, std::size_t Targets>
void add_published_targets(const std::array<PublishedTransfer<Targets>, Rows>& rows,
                           const std::array<std::string_view, Targets>& titles, std::string_view method,
                           const std::vector<std::string>& targets, std::vector<PublishedTargets>& result) {
  for (const auto& row : rows) {
    if (row.method != method) continue;
    PublishedTargets found{row.title, row.source, row.imagenet, {}};
    for (const std::string& target : targets) {
      const auto place = std::ranges::find(titles, target);
      if (place != titles.end()) found.targets.push_back(row.targets[static_cast<std::size_t>(place - titles.begin())]);
    }
    if (!targets.empty() && found.targets.size() == targets.size()) result.push_back(std::move(found));
  }
}

}  // namespace detail

/// The published rows of a method, `coop` or `coop+mao`, tuned on ImageNet and tested on all of these targets.
inline std::vector<PublishedTargets> published_targets_of(std::string_view method,
                                                          const std::vector<std::string>& targets) {
  std::vector<PublishedTargets> result;
  detail::add_published_targets(published_cross_data_set, cross_data_set_targets, method, targets, result);
  detail::add_published_targets(published_domains, domain_targets, method, targets, result);
  return result;
}

}  // namespace mao
