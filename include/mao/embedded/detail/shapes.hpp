// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The ten shapes of the embedded world as signed distances, in object coordinates where a shape about fills [-1, 1]^2.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace mao::embedded {

inline constexpr std::array<std::string_view, 10> shape_names = {"circle", "square", "triangle", "star",  "ring",
                                                                 "cross",  "heart",  "moon",     "arrow", "diamond"};

struct Point {
  float x = 0;
  float y = 0;  ///< downwards, like image rows
};
using Polygon = std::vector<Point>;

/// The signed distance to one shape, tabulated once: a polygon with 36 corners costs as much as a circle.
class DistanceField {
 public:
  explicit DistanceField(std::size_t shape);

  /// Distance at `p` in object units, negative inside. Far outside, the value at the table's edge.
  [[nodiscard]] float operator()(Point p) const;

 private:
  static constexpr std::size_t side = 161;
  static constexpr float reach = 1.6F;  // the table covers [-reach, reach]^2
  static constexpr float step = 2 * reach / static_cast<float>(side - 1);

  static float coordinate(std::size_t index) { return -reach + step * static_cast<float>(index); }
  static float position(float value) {
    return std::clamp((value + reach) / step, 0.0F, static_cast<float>(side - 2) + 0.999F);
  }

  std::vector<float> values_;
};

/// The table of `shape`, a position in `shape_names`; built on first use, thread-safe.
const DistanceField& distance_field(std::size_t shape);

}  // namespace mao::embedded

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/embedded/detail/impl/shapes.ipp>
#endif
