// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Figures made from predicted and true labels: accuracy, macro F1, the confusion matrix, H, means over seeds.

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <mao/core/class_list.hpp>
#include <mao/core/error.hpp>
#include <string_view>
#include <vector>

namespace mao {

/// How well predicted labels match the true ones, in percent.
struct Metrics {
  double accuracy = 0;            ///< correct of total
  double macro_f1 = 0;            ///< mean F1 of the classes that occur among the true labels
  std::vector<double> per_class;  ///< [C] accuracy of each class; NaN for a class without test images
  std::int64_t correct = 0;
  std::int64_t total = 0;
  double mean_per_class = 0;  ///< mean of `per_class` over the classes that have test images
};

/// Counts of (true label, predicted label): [C, C].
using ConfusionMatrix = Eigen::Matrix<std::int64_t, Eigen::Dynamic, Eigen::Dynamic>;

/// Mean and sample standard deviation (n - 1 below the sum; 0 for a single value).
struct MeanStd {
  double mean = 0;
  double deviation = 0;
};

namespace detail {

inline void require_labels(std::string_view who, const std::vector<std::int64_t>& predicted,
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

}  // namespace detail

/// Figures of predictions over `classes` classes.
///
/// **Throws** `ShapeError` for lists of different lengths, `DataError` for no images or a label outside [0, classes).
/// **Source** Dassl's classification evaluator.
inline Metrics measure(const std::vector<std::int64_t>& predicted, const std::vector<std::int64_t>& labels,
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

/// The same over the classes of a list.
inline Metrics measure(const std::vector<std::int64_t>& predicted, const std::vector<std::int64_t>& labels,
                       const ClassList& classes) {
  return measure(predicted, labels, classes.size());
}

/// How often each class was taken for each. **Throws** as `measure`.
inline ConfusionMatrix confusion_matrix(const std::vector<std::int64_t>& predicted,
                                        const std::vector<std::int64_t>& labels, std::int64_t classes) {
  detail::require_labels("confusion_matrix", predicted, labels, classes);
  ConfusionMatrix counts = ConfusionMatrix::Zero(classes, classes);
  for (std::size_t i = 0; i < labels.size(); ++i) counts(labels[i], predicted[i]) += 1;
  return counts;
}

/// H, the harmonic mean of the accuracies on base and new classes; 0 when either is 0.
///
/// A published average of H over data sets is `harmonic_mean(mean of Base, mean of New)`, not the mean of H.
/// **Throws** `DataError` for a negative accuracy.
inline double harmonic_mean(double base, double fresh) {
  require<DataError>(!(base < 0) && !(fresh < 0), "harmonic_mean: of ", base, " and ", fresh,
                     ", expected accuracies of 0 or above");
  return base == 0 || fresh == 0 ? 0 : 2 * base * fresh / (base + fresh);
}

/// Mean and standard deviation over runs with different seeds. **Throws** `DataError` for no values.
inline MeanStd mean_std(const std::vector<double>& values) {
  require<DataError>(!values.empty(), "mean_std: no values, expected at least one run");
  const Eigen::Map<const Eigen::ArrayXd> runs(values.data(), static_cast<Eigen::Index>(values.size()));
  const double mean = runs.mean();
  if (values.size() == 1) return {mean, 0};
  return {mean, std::sqrt((runs - mean).square().sum() / static_cast<double>(values.size() - 1))};
}

}  // namespace mao
