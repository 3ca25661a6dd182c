// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Learns the gate of a `JoinedClassifier` from images whose group is known, though their class may not be: few shots
/// of the base classes, unlabelled images of the new ones.

#include <cstdint>
#include <vector>

#include <Eigen/Core>

namespace mao {

/// What a gate learns from. **Shapes** features [N, D] of the frozen tower, unit rows; groups [N], 0 to G - 1; masses:
/// for each further gate its log-probabilities [N, G].
struct GateImages {
  Eigen::MatrixXf features;
  std::vector<std::int64_t> groups;
  std::vector<Eigen::MatrixXf> masses{};
};

/// Scores of the groups: features times `weight`, plus `bias`, plus each further gate's log-probabilities times its
/// share. **Shapes** weight [G, D], bias [G].
struct GateFit {
  Eigen::MatrixXf weight;
  Eigen::VectorXf bias;
  std::vector<double> shares;
  double penalty = 0;   ///< the one chosen
  double held_out = 0;  ///< mean accuracy over groups on images that were left out, in percent
};

/// Settings of `fit_gate`.
struct GateFitOptions {
  std::vector<double> penalties{0.03, 0.1, 0.3, 1, 3, 10};  ///< of squared weights; cross-validation chooses
  int folds = 5;
  /// How often each group is expected, for example its share of the classes. Empty: all alike.
  std::vector<double> proportions{};
};

/// Softmax regression with a penalty on the weights, by L-BFGS; the penalty with the best log-likelihood of
/// images that were left out. Each group's images together count as its proportion. Deterministic.
///
/// **Throws** `ShapeError` for sizes that differ, `DataError` for fewer than two groups or a group with fewer images
/// than folds, `OptionError` for no penalty, one of 0 or below, fewer than two folds or a proportion of 0 or below,
/// `NumericError` for a number that is not finite.
GateFit fit_gate(const GateImages& images, const GateFitOptions& options = {});

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/fit_gate.ipp>
#endif
