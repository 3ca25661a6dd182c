// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which source pixels make a resized pixel, and how much each of them counts.

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
  ResizeWeights(Filter filter, int source_size, int target_size, int begin, int count);

  /// How many target pixels.
  [[nodiscard]] int size() const { return static_cast<int>(taps_.size()); }
  /// The first source pixel that counts for the target pixel; never less than that of the one before.
  [[nodiscard]] int first(int target) const { return taps_[static_cast<std::size_t>(target)].first; }
  /// One weight for each source pixel from `first` on.
  [[nodiscard]] std::span<const std::int32_t> of(int target) const;
  /// One past the last source pixel that counts for any of the target pixels.
  [[nodiscard]] int end() const { return first(size() - 1) + static_cast<int>(of(size() - 1).size()); }

 private:
  struct Taps {
    int first = 0;
    int count = 0;
  };

  void compute(Filter filter, int target, std::size_t index);

  double scale_;
  int source_size_;
  int stride_;
  std::vector<Taps> taps_;
  std::vector<std::int32_t> weights_;  // [count, stride], what no source pixel needs is 0
  std::vector<double> exact_;
};

}  // namespace detail

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/detail/impl/resize_weights.ipp>
#endif
