// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Points in a plane, as SVG: features of a mini-batch after PCA.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <string>
#include <vector>

#include "report/axis.hpp"
#include "report/svg.hpp"

namespace mao {

/// One point. Its colour is that of its group, of which there may be many.
struct ChartPoint {
  double x = 0, y = 0;
  std::size_t group = 0;
  bool star = false;    ///< a large star instead of a dot
  std::string label{};  ///< stands beside it where there is room
  std::string hint{};   ///< shown when a pointer rests on it
};

/// What a scatter chart shows, centred on its points.
struct ScatterChart {
  std::string title, description{}, x_label{}, y_label{};
  std::vector<ChartPoint> points{};
  std::size_t groups = 1;
  double least_range = 0;  ///< of values across the width; the same for two charts that are to be compared
  double width = 360, height = 330;
};

/// The hue of a group, in degrees: neighbours in number are far apart on the wheel.
inline double group_hue(std::size_t group, std::size_t groups) {
  const double turn = groups <= 8 ? static_cast<double>(group) / static_cast<double>(std::max<std::size_t>(groups, 1))
                                  : std::fmod(static_cast<double>(group) * (std::numbers::phi - 1), 1.0);
  return std::fmod(turn * 360 + 212, 360.0);
}

namespace detail {

/// A five-pointed star around a point.
inline std::string star_path(double x, double y, double radius) {
  std::string points;
  for (int i = 0; i < 10; ++i) {
    const double angle = std::numbers::pi * (i / 5.0 - 0.5), r = i % 2 == 0 ? radius : radius * 0.45;
    points += text_of(i == 0 ? "" : " ", coordinate(x + r * std::cos(angle)), ",", coordinate(y + r * std::sin(angle)));
  }
  return points;
}

/// Rectangles that labels already cover.
struct LabelRoom {
  struct Rectangle {
    double left, top, right, bottom;
  };
  std::vector<Rectangle> taken{};

  /// Whether the rectangle is free and inside; then it is taken.
  bool take(const Rectangle& wanted, double width, double height) {
    if (wanted.left < 2 || wanted.right > width - 2 || wanted.top < 2 || wanted.bottom > height - 2) return false;
    const auto meets = [&](const Rectangle& other) {
      return wanted.left < other.right && other.left < wanted.right && wanted.top < other.bottom &&
             other.top < wanted.bottom;
    };
    if (std::ranges::any_of(taken, meets)) return false;
    taken.push_back(wanted);
    return true;
  }
};

/// The label beside a star, right, left, above or below, whichever is free; nothing when none is.
inline std::string place_label(const ChartPoint& point, double x, double y, const ScatterChart& chart,
                               LabelRoom& room) {
  const std::string text = shortened(point.label, 140);
  const double wide = text_width(text) + 2;
  const struct {
    double dx, dy;
    const char* anchor;
    double from;  ///< left end in widths
  } places[] = {{9, 3.5, "start", 0}, {-9, 3.5, "end", -1}, {0, -10, "middle", -0.5}, {0, 17, "middle", -0.5}};
  for (const auto& place : places) {
    const double left = x + place.dx + place.from * wide, base = y + place.dy;
    if (room.take({left, base - 9, left + wide, base + 3}, chart.width, chart.height)) {
      return svg_text(x + place.dx, base, text, "label halo", place.anchor);
    }
  }
  return {};
}

}  // namespace detail

namespace detail {

/// The box around all points.
struct PointBox {
  double low_x = INFINITY, high_x = -INFINITY, low_y = INFINITY, high_y = -INFINITY;
};

inline PointBox box_of(const ScatterChart& chart) {
  if (chart.points.empty()) return {0, 0, 0, 0};
  PointBox box;
  for (const ChartPoint& point : chart.points) {
    box.low_x = std::min(box.low_x, point.x), box.high_x = std::max(box.high_x, point.x);
    box.low_y = std::min(box.low_y, point.y), box.high_y = std::max(box.high_y, point.y);
  }
  return box;
}

constexpr double scatter_margin = 18, scatter_foot = 20;

}  // namespace detail

/// How many units the width of the picture has to hold so that all points are inside.
inline double scatter_range(const ScatterChart& chart) {
  const detail::PointBox box = detail::box_of(chart);
  const double wide = chart.width - 2 * detail::scatter_margin;
  const double high = chart.height - detail::scatter_foot - 2 * detail::scatter_margin;
  return std::max({box.high_x - box.low_x, (box.high_y - box.low_y) * wide / high, chart.least_range, 1e-9});
}

/// The chart as SVG, one scale for both axes. Stars lie over dots.
inline std::string scatter_chart(const ScatterChart& chart) {
  const auto [low_x, high_x, low_y, high_y] = detail::box_of(chart);
  const double bottom = chart.height - detail::scatter_foot;
  const double scale = (chart.width - 2 * detail::scatter_margin) / scatter_range(chart);
  const double middle_x = (low_x + high_x) / 2, middle_y = (low_y + high_y) / 2;
  const auto x_of = [&](double x) { return chart.width / 2 + (x - middle_x) * scale; };
  const auto y_of = [&](double y) { return bottom / 2 - (y - middle_y) * scale; };
  std::string svg = svg_element(
      "rect", {{"x", 0.5}, {"y", 0.5}, {"width", chart.width - 1}, {"height", bottom - 1}, {"class", "frame"}});
  svg += svg_text(chart.width / 2, chart.height - 5, text_of(chart.x_label, " →    ", chart.y_label, " ↑"), "axis",
                  "middle");
  detail::LabelRoom room;
  std::string stars, labels;
  for (const ChartPoint& point : chart.points) {
    const double x = x_of(point.x), y = y_of(point.y);
    const std::string hue = text_of("--h:", coordinate(group_hue(point.group, chart.groups)));
    const std::string hint = point.hint.empty() ? "" : svg_hint(point.hint);
    if (point.star) {
      stars +=
          svg_element("polygon", {{"points", detail::star_path(x, y, 8)}, {"class", "star hue"}, {"style", hue}}, hint);
      room.taken.push_back({x - 7, y - 7, x + 7, y + 7});
    } else {
      svg += svg_element("circle", {{"cx", x}, {"cy", y}, {"r", 4.0}, {"class", "point hue"}, {"style", hue}}, hint);
    }
  }
  for (const ChartPoint& point : chart.points) {
    if (!point.label.empty()) labels += detail::place_label(point, x_of(point.x), y_of(point.y), chart, room);
  }
  return svg_picture(chart.width, chart.height, chart.title, chart.description, svg + stars + labels);
}

}  // namespace mao
