// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/labelers/label_statistics.hpp>

#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/ones.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

/// Sum of -p ln p; 0 ln 0 is 0.
MAO_INLINE double entropy_of(const Tensor& p) { return -(p * p.clamp_min(1e-30).log()).sum().item<double>(); }

}  // namespace mao::detail

namespace mao {

MAO_INLINE LabelStatistics label_statistics(const Tensor& probabilities) {
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

MAO_INLINE double agreement(const Tensor& first, const Tensor& second) {
  expect_shape(second, first.sizes(), "agreement: the second model's probabilities");
  return first.argmax(1).eq(second.argmax(1)).to(at::kDouble).mean().item<double>();
}

MAO_INLINE Tensor balancing_factors(const Tensor& probabilities, int iterations) {
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

MAO_INLINE Tensor rebalanced(const Tensor& probabilities, const Tensor& factors) {
  const Tensor scaled = (probabilities.to(at::kDouble) + 1e-12) * factors;
  return (scaled / scaled.sum(1, /*keepdim=*/true)).to(at::kFloat);
}

}  // namespace mao
