// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What unlabelled images tell about the models that label them: statistics of predictions, and their balance.

#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/ones.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// Statistics of a model's predictions for a pool of images, entropies in nats.
struct LabelStatistics {
  double confidence = 0;          ///< mean probability of the winners
  double entropy = 0;             ///< mean entropy of the rows
  double mutual_information = 0;  ///< entropy of the mean row minus `entropy`: high when each image is clear and all
                                  ///< classes are seen
  double balance = 0;             ///< entropy of the shares of the winners over ln C: 1 when all classes win equally
};

namespace detail {

/// Sum of -p ln p; 0 ln 0 is 0.
inline double entropy_of(const Tensor& p) { return -(p * p.clamp_min(1e-30).log()).sum().item<double>(); }

}  // namespace detail

/// **Shape** probabilities [N, C], rows that sum to 1.
inline LabelStatistics label_statistics(const Tensor& probabilities) {
  expect_shape(probabilities, {-1, -1}, "label_statistics: probabilities");
  const at::NoGradGuard no_graph;
  const Tensor p = probabilities.to(at::kDouble);
  const std::int64_t images = p.size(0), classes = p.size(1);
  require<DataError>(images > 0, "label_statistics: no images, expected the probabilities of at least one");
  const Tensor shares = at::one_hot(p.argmax(1), classes).to(at::kDouble).mean(0);
  LabelStatistics result;
  result.confidence = p.amax(1).mean().item<double>();
  result.entropy = detail::entropy_of(p) / static_cast<double>(images);
  result.mutual_information = detail::entropy_of(p.mean(0)) - result.entropy;
  result.balance = classes > 1 ? detail::entropy_of(shares) / std::log(static_cast<double>(classes)) : 1.0;
  return result;
}

/// Share of the images to which both give the same winner. **Shapes** [N, C] each.
inline double agreement(const Tensor& first, const Tensor& second) {
  expect_shape(second, first.sizes(), "agreement: the second model's probabilities");
  return first.argmax(1).eq(second.argmax(1)).to(at::kDouble).mean().item<double>();
}

/// Factors [C] under which every class gets the same share of the pool: rows times factors, normalised again.
///
/// Few-shot images are drawn evenly from the classes, so a class that a model sees too often is one it prefers.
/// **Shape** probabilities [N, C]. **Source** the scaling of Sinkhorn and Knopp to given row and column sums.
inline Tensor balancing_factors(const Tensor& probabilities, int iterations = 30) {
  expect_shape(probabilities, {-1, -1}, "balancing_factors: probabilities");
  const at::NoGradGuard no_graph;
  const Tensor p = probabilities.to(at::kDouble) + 1e-12;  // a class that nobody sees keeps a finite factor
  const double share = static_cast<double>(p.size(0)) / static_cast<double>(p.size(1));
  Tensor factors = at::ones({p.size(1)}, p.options());
  for (int i = 0; i < iterations; ++i) {
    const Tensor scaled = p * factors;
    const Tensor of_class = (scaled / scaled.sum(1, /*keepdim=*/true)).sum(0);
    factors = factors * (share / of_class);
  }
  return factors;
}

/// Rows times factors, normalised again. **Shapes** probabilities [B, C], factors [C].
inline Tensor rebalanced(const Tensor& probabilities, const Tensor& factors) {
  const Tensor scaled = (probabilities.to(at::kDouble) + 1e-12) * factors;
  return (scaled / scaled.sum(1, /*keepdim=*/true)).to(at::kFloat);
}

}  // namespace mao
