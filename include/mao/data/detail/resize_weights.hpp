// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which source pixels make a resized pixel, and how much each of them counts.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mao {

/// The kernel of a resize.
enum class Filter { bilinear, bicubic };

namespace detail {

inline constexpr int weight_bits = 22;
inline constexpr std::int32_t one_half = 1 << (weight_bits - 1);

inline double kernel_radius(Filter filter) { return filter == Filter::bicubic ? 2.0 : 1.0; }

/// Triangle, or Keys' cubic with a = -1/2.
inline double kernel(Filter filter, double x) {
  constexpr double a = -0.5;
  x = std::fabs(x);
  if (filter == Filter::bilinear) return x < 1.0 ? 1.0 - x : 0.0;
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

/// The weights of the target pixels [begin, begin + count) along one side, as Pillow computes them: 22 bits behind the
/// point.
class ResizeWeights {
 public:
  ResizeWeights(Filter filter, int source_size, int target_size, int begin, int count)
      : scale_(static_cast<double>(source_size) / target_size),
        source_size_(source_size),
        stride_(2 * static_cast<int>(std::ceil(kernel_radius(filter) * std::max(scale_, 1.0))) + 1),
        taps_(static_cast<std::size_t>(count)),
        weights_(static_cast<std::size_t>(count) * static_cast<std::size_t>(stride_)) {
    for (int i = 0; i < count; ++i) compute(filter, begin + i, static_cast<std::size_t>(i));
  }

  /// How many target pixels.
  [[nodiscard]] int size() const { return static_cast<int>(taps_.size()); }
  /// The first source pixel that counts for the target pixel; never less than that of the one before.
  [[nodiscard]] int first(int target) const { return taps_[static_cast<std::size_t>(target)].first; }
  /// One weight for each source pixel from `first` on.
  [[nodiscard]] std::span<const std::int32_t> of(int target) const {
    const auto index = static_cast<std::size_t>(target);
    return {weights_.data() + index * static_cast<std::size_t>(stride_), static_cast<std::size_t>(taps_[index].count)};
  }
  /// One past the last source pixel that counts for any of the target pixels.
  [[nodiscard]] int end() const { return first(size() - 1) + static_cast<int>(of(size() - 1).size()); }

 private:
  struct Taps {
    int first = 0;
    int count = 0;
  };

  void compute(Filter filter, int target, std::size_t index) {
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

  double scale_;
  int source_size_;
  int stride_;
  std::vector<Taps> taps_;
  std::vector<std::int32_t> weights_;  // [count, stride], what no source pixel needs is 0
  std::vector<double> exact_;
};

}  // namespace detail

}  // namespace mao
