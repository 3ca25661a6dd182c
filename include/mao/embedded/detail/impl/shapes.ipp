// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/embedded/detail/shapes.hpp>

#include <cmath>
#include <numbers>

#include <mao/config.hpp>

namespace mao::embedded::detail {

MAO_INLINE Polygon star_outline() {
  Polygon corners;
  for (int i = 0; i < 10; ++i) {
    const float angle = std::numbers::pi_v<float> * (static_cast<float>(i) / 5.0F - 0.5F);
    const float radius = i % 2 == 0 ? 1.0F : 0.42F;
    corners.push_back({radius * std::cos(angle), radius * std::sin(angle)});
  }
  return corners;
}

MAO_INLINE Polygon heart_outline() {
  Polygon corners;
  for (int i = 0; i < 36; ++i) {
    const float t = 2.0F * std::numbers::pi_v<float> * static_cast<float>(i) / 36.0F;
    const float side = std::sin(t);
    const float height = 13 * std::cos(t) - 5 * std::cos(2 * t) - 2 * std::cos(3 * t) - std::cos(4 * t);
    corners.push_back({0.95F * side * side * side, -(height + 2.5F) / 16.0F});
  }
  return corners;
}

/// The corners of a shape that is a polygon; empty for the three round ones.
MAO_INLINE Polygon outline(std::size_t shape) {
  switch (shape) {
    case 1:
      return {{-0.8F, -0.8F}, {0.8F, -0.8F}, {0.8F, 0.8F}, {-0.8F, 0.8F}};
    case 2:
      return {{0.0F, -0.95F}, {0.95F, 0.75F}, {-0.95F, 0.75F}};
    case 3:
      return star_outline();
    case 5:
      return {{-0.3F, -0.95F}, {0.3F, -0.95F}, {0.3F, -0.3F}, {0.95F, -0.3F}, {0.95F, 0.3F},   {0.3F, 0.3F},
              {0.3F, 0.95F},   {-0.3F, 0.95F}, {-0.3F, 0.3F}, {-0.95F, 0.3F}, {-0.95F, -0.3F}, {-0.3F, -0.3F}};
    case 6:
      return heart_outline();
    case 8:
      return {{-1.0F, -0.28F}, {0.1F, -0.28F}, {0.1F, -0.8F}, {1.0F, 0.0F},
              {0.1F, 0.8F},    {0.1F, 0.28F},  {-1.0F, 0.28F}};
    case 9:
      return {{0.0F, -1.05F}, {0.62F, 0.0F}, {0.0F, 1.05F}, {-0.62F, 0.0F}};
    default:
      return {};
  }
}

/// Signed distance to a polygon, negative inside (even-odd rule).
MAO_INLINE float polygon_distance(const Polygon& corners, Point p) {
  float nearest = 1e9F;
  bool inside = false;
  Point a = corners.back();
  for (const Point b : corners) {
    const Point edge{b.x - a.x, b.y - a.y};
    const Point offset{p.x - a.x, p.y - a.y};
    const float along = (offset.x * edge.x + offset.y * edge.y) / (edge.x * edge.x + edge.y * edge.y);
    const float t = std::clamp(along, 0.0F, 1.0F);
    nearest = std::min(nearest, std::hypot(offset.x - t * edge.x, offset.y - t * edge.y));
    if ((a.y > p.y) != (b.y > p.y) && p.x < a.x + edge.x * (p.y - a.y) / edge.y) inside = !inside;
    a = b;
  }
  return inside ? -nearest : nearest;
}

MAO_INLINE float round_distance(std::size_t shape, Point p) {
  const float radius = std::hypot(p.x, p.y);
  if (shape == 0) return radius - 0.88F;
  if (shape == 4) return std::abs(radius - 0.68F) - 0.24F;
  return std::max(radius - 0.95F, 0.78F - std::hypot(p.x - 0.48F, p.y));  // moon
}

}  // namespace mao::embedded::detail

namespace mao::embedded {

MAO_INLINE DistanceField::DistanceField(std::size_t shape) : values_(side * side) {
  const Polygon corners = detail::outline(shape);
  for (std::size_t row = 0; row < side; ++row) {
    for (std::size_t column = 0; column < side; ++column) {
      const Point p{coordinate(column), coordinate(row)};
      values_[row * side + column] =
          corners.empty() ? detail::round_distance(shape, p) : detail::polygon_distance(corners, p);
    }
  }
}

MAO_INLINE float DistanceField::operator()(Point p) const {
  const float x = position(p.x);
  const float y = position(p.y);
  const auto column = static_cast<std::size_t>(x);
  const auto row = static_cast<std::size_t>(y);
  const float fx = x - static_cast<float>(column);
  const float fy = y - static_cast<float>(row);
  const float* top = &values_[row * side + column];
  const float* bottom = top + side;
  return (1 - fy) * ((1 - fx) * top[0] + fx * top[1]) + fy * ((1 - fx) * bottom[0] + fx * bottom[1]);
}

MAO_INLINE const DistanceField& distance_field(std::size_t shape) {
  static const std::vector<DistanceField> fields = [] {
    std::vector<DistanceField> all;
    for (std::size_t i = 0; i < shape_names.size(); ++i) all.emplace_back(i);
    return all;
  }();
  return fields.at(shape);
}

}  // namespace mao::embedded
