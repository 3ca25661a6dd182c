// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Figures for one classifier over base and new classes together: how well it separates the halves, and the effect of a
/// bias between them.

#include <cstdint>
#include <vector>

#include <Eigen/Core>

namespace mao {

/// The data for the figures below, from a classifier with the base classes first. One entry per test image.
struct BestOfHalves {
  std::int64_t base_classes = 0, classes = 0;
  std::vector<std::int64_t> labels;       ///< the true class
  std::vector<std::int64_t> base, fresh;  ///< the most likely base class and the most likely new class
  std::vector<double> margin;             ///< logit of the former minus that of the latter
  std::vector<double> base_mass;          ///< total softmax probability of the base classes

  /// The most likely class of all; if equal, the base class, which comes first.
  [[nodiscard]] std::int64_t winner(std::size_t image) const { return margin[image] < 0 ? fresh[image] : base[image]; }
  [[nodiscard]] bool of_base(std::size_t image) const { return labels[image] < base_classes; }
  /// True if the image is classified correctly among the classes of its own half.
  [[nodiscard]] bool right_in_half(std::size_t image) const {
    return (of_base(image) ? base[image] : fresh[image]) == labels[image];
  }
};

/// **Shapes** logits [N, C], labels [N]; classes 0 to `base_classes` - 1 are the base half. **Throws** `ShapeError` for
/// other sizes, `OptionError` unless both halves have classes, `DataError` for a label outside the list or a half
/// without test images, `NumericError` for a logit that is not finite.
BestOfHalves best_of_halves(const Eigen::MatrixXf& logits, std::vector<std::int64_t> labels, std::int64_t base_classes);

/// Accuracies among all classes, in percent, if `bias` is added to the logits of the new classes.
struct BiasPoint {
  double bias = 0;  ///< images with a smaller margin are classified as new; infinite in the last point
  double base = 0, fresh = 0;

  /// Their harmonic mean.
  [[nodiscard]] double h() const;
};

/// The seen-unseen accuracy curve: every bias that changes a winner, from "all base" to "all new". With `by_class`,
/// accuracies are means over the classes that have test images; otherwise all images have equal weight.
///
/// **Source** Chao et al., "An Empirical Study and Analysis of Generalized Zero-Shot Learning for Object Recognition in
/// the Wild", ECCV 2016 (arXiv 1605.04253): calibrated stacking.
std::vector<BiasPoint> bias_curve(const BestOfHalves& best, bool by_class = false);

/// Area under the curve by class, in percent. **Source** as `bias_curve`, AUSUC.
double ausuc(const BestOfHalves& best);

/// One half for `openworld_auc`: one score per image, larger for base, and whether the image is classified correctly
/// within its half.
struct ScoredHalf {
  std::vector<double> scores;
  std::vector<bool> right;
};

/// The share, in percent, of pairs (one base image, one new image) in which the base image has the larger score and
/// both are classified correctly within their half; equal scores count half.
///
/// **Throws** `DataError` for a half without images or a score that is NaN, `ShapeError` for lists of different
/// lengths.
/// **Source** Hua et al., "OpenworldAUC", ICML 2025 (arXiv 2505.05180), and their code for equal scores.
double openworld_auc(const ScoredHalf& base, const ScoredHalf& fresh);

/// The same with the margin as score. It is the area under `bias_curve` with equal weight for all images.
double openworld_auc(const BestOfHalves& best);

/// How well the classifier predicts the halves, in percent of the images.
struct HalfCalibration {
  double expected = 0;   ///< share of the base half by the sum of its probabilities
  double predicted = 0;  ///< share classified as a base class
  double actual = 0;     ///< share with a base class as label
  double error = 0;      ///< mean difference of probability and truth, in ten bins of the base half's probability
};

/// **Source** of the error: Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015
/// (expected calibration error, here of the question "base or new").
HalfCalibration half_calibration(const BestOfHalves& best);

/// All figures, in percent.
struct AllClassMetrics {
  double accuracy = 0;         ///< share of correct test images. **Source** Zhou et al., "DeCoOp", ICML 2024: Acc
  double base = 0, fresh = 0;  ///< share of correct images of that half among all classes
  double h = 0;                ///< harmonic mean of the two
  double openworld_auc = 0;
  double ausuc = 0;
  double own_base = 0, own_fresh = 0;  ///< share of correct images of that half among its own classes
  double best_h = 0;                   ///< for the best bias, chosen with the test labels: an upper bound
  HalfCalibration halves;
};

/// **Throws** as `best_of_halves`.
AllClassMetrics measure_all_classes(const BestOfHalves& best);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/evaluation/impl/all_classes.ipp>
#endif
