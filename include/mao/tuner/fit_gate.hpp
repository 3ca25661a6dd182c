// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Learns the gate of a `JoinedClassifier` from images whose group is known, even if their class is not: few shots of
/// the base classes and unlabelled images of the new ones.

#include <cstdint>
#include <vector>

#include <Eigen/Core>

namespace mao {

/// The training data of a gate. **Shapes** features [N, D] of the frozen tower, unit rows; groups [N], 0 to G - 1;
/// masses: the log-probabilities [N, G] of each other gate.
struct GateImages {
  Eigen::MatrixXf features;
  std::vector<std::int64_t> groups;
  std::vector<Eigen::MatrixXf> masses{};
};

/// Scores of the groups: features times `weight`, plus `bias`, plus the log-probabilities of each other gate times its
/// share. **Shapes** weight [G, D], bias [G].
struct GateFit {
  Eigen::MatrixXf weight;
  Eigen::VectorXf bias;
  std::vector<double> shares;
  double penalty = 0;   ///< the chosen penalty
  double held_out = 0;  ///< mean accuracy over groups on held-out images, in percent
};

/// Settings of `fit_gate`.
struct GateFitOptions {
  std::vector<double> penalties{0.03, 0.1, 0.3, 1, 3, 10};  ///< of squared weights; cross-validation chooses
  int folds = 5;
  /// The prior probability of each group, for example its share of the classes. Empty: all equal.
  std::vector<double> proportions{};
};

/// Softmax regression with a penalty on the weights, by L-BFGS; the penalty is the one with the best log-likelihood of
/// held-out images. The images of each group are weighted by its proportion. Deterministic.
///
/// **Throws** `ShapeError` for sizes that differ, `DataError` for fewer than two groups or a group with fewer images
/// than folds, `OptionError` for no penalty, a penalty of 0 or below, fewer than two folds, a proportion of 0 or below,
/// `NumericError` for a number that is not finite.
GateFit fit_gate(const GateImages& images, const GateFitOptions& options = {});

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/fit_gate.ipp>
#endif
