// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Figures from predicted and true labels: accuracy, macro F1, the confusion matrix, H, means over seeds.

#include <Eigen/Core>
#include <cstdint>
#include <mao/core/class_list.hpp>
#include <vector>

namespace mao {

/// The agreement of predicted and true labels, in percent.
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

/// Mean and sample standard deviation (divided by n - 1; 0 for a single value).
struct MeanStd {
  double mean = 0;
  double deviation = 0;
};

/// Figures of predictions over `classes` classes.
///
/// **Throws** `ShapeError` for lists of different lengths, `DataError` for no images or a label outside [0, classes).
/// **Source** Dassl's classification evaluator.
Metrics measure(const std::vector<std::int64_t>& predicted, const std::vector<std::int64_t>& labels,
                std::int64_t classes);

/// The same over the classes of a list.
inline Metrics measure(const std::vector<std::int64_t>& predicted, const std::vector<std::int64_t>& labels,
                       const ClassList& classes) {
  return measure(predicted, labels, classes.size());
}

/// How often each class was predicted as each class. **Throws** as `measure`.
ConfusionMatrix confusion_matrix(const std::vector<std::int64_t>& predicted, const std::vector<std::int64_t>& labels,
                                 std::int64_t classes);

/// H, the harmonic mean of the accuracies on base and new classes; 0 if either is 0.
///
/// A published average of H over data sets is `harmonic_mean(mean of Base, mean of New)`, not the mean of H.
/// **Throws** `DataError` for a negative accuracy.
double harmonic_mean(double base, double fresh);

/// Mean and standard deviation over runs with different seeds. **Throws** `DataError` for no values.
MeanStd mean_std(const std::vector<double>& values);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/evaluation/impl/metrics.ipp>
#endif
