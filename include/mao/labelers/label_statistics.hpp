// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Statistics of predictions for unlabelled images, and their balance.

#include <mao/core/tensor.hpp>

namespace mao {

/// Statistics of a model's predictions for a pool of images, entropies in nats.
struct LabelStatistics {
  double confidence = 0;          ///< mean probability of the winners
  double entropy = 0;             ///< mean entropy of the rows
  double mutual_information = 0;  ///< entropy of the mean row minus `entropy`: high if each image is clear and all
                                  ///< classes occur
  double balance = 0;             ///< entropy of the winners' shares over ln C: 1 if all classes win equally
};

/// **Shape** probabilities [N, C], rows that sum to 1.
LabelStatistics label_statistics(const Tensor& probabilities);

/// Share of the images for which both have the same winner. **Shapes** [N, C] each.
double agreement(const Tensor& first, const Tensor& second);

/// Factors [C] that give every class the same share of the pool: rows times factors, normalised again.
///
/// Few-shot images are drawn evenly from the classes, so the model prefers a class that it predicts too often.
/// **Shape** probabilities [N, C]. **Source** the scaling of Sinkhorn and Knopp to given row and column sums.
Tensor balancing_factors(const Tensor& probabilities, int iterations = 30);

/// Rows times factors, normalised again. **Shapes** probabilities [B, C], factors [C].
Tensor rebalanced(const Tensor& probabilities, const Tensor& factors);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/labelers/impl/label_statistics.ipp>
#endif
