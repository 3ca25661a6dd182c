// SPDX-License-Identifier: Apache-2.0
#pragma once
// Comparing tensors in tests.
#include <algorithm>

#include <mao/core/tensor.hpp>

namespace mao::testing {

// The largest absolute difference; infinite when shapes differ.
inline double largest_difference(const Tensor& a, const Tensor& b) {
  if (a.sizes() != b.sizes()) return INFINITY;
  return a.numel() == 0 ? 0.0 : a.to(at::kDouble).sub(b.to(at::kDouble)).abs().max().item<double>();
}

// The same, as a fraction of the largest entry of `expected`.
inline double relative_difference(const Tensor& actual, const Tensor& expected) {
  return largest_difference(actual, expected) / std::max(1e-30, expected.abs().max().to(at::kDouble).item<double>());
}

}  // namespace mao::testing
