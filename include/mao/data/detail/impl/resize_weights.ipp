// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/detail/resize_weights.hpp>

#include <algorithm>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE double kernel_radius(Filter filter) { return filter == Filter::bicubic ? 2.0 : 1.0; }

MAO_INLINE ResizeWeights::ResizeWeights(Filter filter, int source_size, int target_size, int begin, int count)
    : scale_(static_cast<double>(source_size) / target_size),
      source_size_(source_size),
      stride_(2 * static_cast<int>(std::ceil(kernel_radius(filter) * std::max(scale_, 1.0))) + 1),
      taps_(static_cast<std::size_t>(count)),
      weights_(static_cast<std::size_t>(count) * static_cast<std::size_t>(stride_)) {
  for (int i = 0; i < count; ++i) compute(filter, begin + i, static_cast<std::size_t>(i));
}

MAO_INLINE std::span<const std::int32_t> ResizeWeights::of(int target) const {
  const auto index = static_cast<std::size_t>(target);
  return {weights_.data() + index * static_cast<std::size_t>(stride_), static_cast<std::size_t>(taps_[index].count)};
}

MAO_INLINE void ResizeWeights::compute(Filter filter, int target, std::size_t index) {
  const double stretch = std::max(scale_, 1.0);
  const double radius = kernel_radius(filter) * stretch;
  const double shrink = 1.0 / stretch;
  const double centre = (target + 0.5) * scale_;
  const int first = std::max(0, static_cast<int>(centre - radius + 0.5));
  const int count = std::min(source_size_, static_cast<int>(centre + radius + 0.5)) - first;
  exact_.resize(static_cast<std::size_t>(count));
  double sum = 0.0;
  for (int i = 0; i < count; ++i) {
    exact_[static_cast<std::size_t>(i)] = kernel(filter, (i + first - centre + 0.5) * shrink);
    sum += exact_[static_cast<std::size_t>(i)];
  }
  std::int32_t* weights = weights_.data() + index * static_cast<std::size_t>(stride_);
  for (double weight : exact_) {
    if (sum != 0.0) weight /= sum;
    *weights++ = static_cast<std::int32_t>((weight < 0.0 ? -0.5 : 0.5) + weight * (1 << weight_bits));
  }
  taps_[index] = {first, count};
}

}  // namespace mao::detail
