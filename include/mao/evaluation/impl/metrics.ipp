// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/evaluation/metrics.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

MAO_INLINE void require_labels(std::string_view who, const std::vector<std::int64_t>& predicted,
                               const std::vector<std::int64_t>& labels, std::int64_t classes) {
  require<ShapeError>(predicted.size() == labels.size(), who, ": ", predicted.size(), " predictions for ",
                      labels.size(), " labels, expected one each");
  require<DataError>(!labels.empty(), who, ": no labels, expected at least one test image");
  const auto outside = [&](std::int64_t label) { return label < 0 || label >= classes; };
  for (const auto* list : {&predicted, &labels}) {
    const auto bad = std::ranges::find_if(*list, outside);
    require<DataError>(bad == list->end(), who, ": ", list == &labels ? "label " : "prediction ",
                       bad == list->end() ? 0 : *bad, " of image ", bad - list->begin(), ", expected 0 to ",
                       classes - 1);
  }
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Metrics measure(const std::vector<std::int64_t>& predicted, const std::vector<std::int64_t>& labels,
                           std::int64_t classes) {
  detail::require_labels("measure", predicted, labels, classes);
  Eigen::ArrayXd hits = Eigen::ArrayXd::Zero(classes);
  Eigen::ArrayXd guesses = Eigen::ArrayXd::Zero(classes);
  Eigen::ArrayXd images = Eigen::ArrayXd::Zero(classes);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    images[labels[i]] += 1;
    guesses[predicted[i]] += 1;
    hits[labels[i]] += predicted[i] == labels[i] ? 1 : 0;
  }
  const auto present = images > 0;
  const auto classes_present = static_cast<double>(present.count());
  const Eigen::ArrayXd per_class = 100 * hits / images;  // 0 / 0 = NaN
  const Eigen::ArrayXd f1 = 200 * hits / (images + guesses);
  Metrics result;
  result.total = static_cast<std::int64_t>(labels.size());
  result.correct = static_cast<std::int64_t>(hits.sum());
  result.accuracy = 100 * hits.sum() / static_cast<double>(result.total);
  result.macro_f1 = present.select(f1, 0.0).sum() / classes_present;
  result.mean_per_class = present.select(per_class, 0.0).sum() / classes_present;
  result.per_class.assign(per_class.begin(), per_class.end());
  return result;
}

MAO_INLINE ConfusionMatrix confusion_matrix(const std::vector<std::int64_t>& predicted,
                                            const std::vector<std::int64_t>& labels, std::int64_t classes) {
  detail::require_labels("confusion_matrix", predicted, labels, classes);
  ConfusionMatrix counts = ConfusionMatrix::Zero(classes, classes);
  for (std::size_t i = 0; i < labels.size(); ++i) counts(labels[i], predicted[i]) += 1;
  return counts;
}

MAO_INLINE double harmonic_mean(double base, double fresh) {
  require<DataError>(!(base < 0) && !(fresh < 0), "harmonic_mean: of ", base, " and ", fresh,
                     ", expected accuracies of 0 or above");
  return base == 0 || fresh == 0 ? 0 : 2 * base * fresh / (base + fresh);
}

MAO_INLINE MeanStd mean_std(const std::vector<double>& values) {
  require<DataError>(!values.empty(), "mean_std: no values, expected at least one run");
  const Eigen::Map<const Eigen::ArrayXd> runs(values.data(), static_cast<Eigen::Index>(values.size()));
  const double mean = runs.mean();
  if (values.size() == 1) return {mean, 0};
  return {mean, std::sqrt((runs - mean).square().sum() / static_cast<double>(values.size() - 1))};
}

}  // namespace mao
