// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Lines over a common axis, as SVG: learning curves, accuracy over shots or K.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "report/axis.hpp"
#include "report/svg.hpp"

namespace mao {

/// One line; a value that is not finite interrupts it.
struct ChartLine {
  std::string label;  ///< stands at its end; empty: none
  std::vector<std::pair<double, double>> points;
  std::size_t colour = 0;  ///< which of the page's series colours; they repeat after eight
  bool faint = false;      ///< behind the others, for single seeds
  bool markers = false;    ///< a dot at each point
};

/// A mark across the picture, for example where another stage begins.
struct ChartMark {
  double x = 0;
  std::string label;
};

/// What a line chart shows.
struct LineChart {
  std::string title, x_label{}, y_label{};
  std::vector<ChartLine> lines{};
  std::vector<ChartMark> marks{};
  std::vector<std::pair<double, std::string>> x_ticks{};  ///< empty: round numbers
  double least_range = 0;  ///< of values from bottom to top, so that noise does not look like a slope
  double width = 360, height = 230;
};

namespace detail {

/// The picture's frame in pixels, and the axes within.
struct ChartFrame {
  double left = 46, right = 0, top = 26, bottom = 0;
  Axis x{}, y{};

  [[nodiscard]] double x_of(double value) const { return x.at(value, left, right); }
  [[nodiscard]] double y_of(double value) const { return y.at(value, bottom, top); }
};

/// Where the labels at the ends of lines stand, so that none covers another: {y, line}.
inline std::vector<std::pair<double, std::size_t>> end_labels(const LineChart& chart, const ChartFrame& frame) {
  std::vector<std::pair<double, std::size_t>> labels;
  for (std::size_t i = 0; i < chart.lines.size(); ++i) {
    const ChartLine& line = chart.lines[i];
    if (line.label.empty() || line.points.empty() || !std::isfinite(line.points.back().second)) continue;
    labels.emplace_back(frame.y_of(line.points.back().second), i);
  }
  std::ranges::sort(labels);
  constexpr double apart = 13;
  for (std::size_t i = 1; i < labels.size(); ++i)
    labels[i].first = std::max(labels[i].first, labels[i - 1].first + apart);
  double below = frame.bottom;
  for (std::size_t i = labels.size(); i-- > 0; below -= apart) labels[i].first = std::min(labels[i].first, below);
  return labels;
}

inline ChartFrame frame_of(const LineChart& chart) {
  std::vector<double> xs, ys;
  double label_room = 0;
  for (const ChartLine& line : chart.lines) {
    for (const auto& [x, y] : line.points) xs.push_back(x), ys.push_back(y);
    if (!line.label.empty()) label_room = std::max(label_room, 1.15 * text_width(line.label) + 12);
  }
  ChartFrame frame;
  frame.right = chart.width - std::clamp(label_room, 10.0, chart.width * 0.36);
  frame.bottom = chart.height - (chart.x_label.empty() ? 22 : 38);
  frame.y = axis_over(ys);
  if (frame.y.high - frame.y.low < chart.least_range) {
    const double middle = (frame.y.low + frame.y.high) / 2;
    frame.y = round_axis(middle - chart.least_range / 2, middle + chart.least_range / 2);
  }
  frame.x = axis_over(xs);
  if (std::ranges::all_of(xs, [](double x) { return x == std::round(x); })) {  // epochs are counted
    std::erase_if(frame.x.ticks, [](double tick) { return std::abs(tick - std::round(tick)) > 1e-9; });
    frame.x.decimals = 0;
  }
  if (!xs.empty()) {  // the horizontal axis ends where the data end
    const auto [low, high] = std::ranges::minmax(xs);
    if (high > low) frame.x.low = low, frame.x.high = high;
  }
  return frame;
}

inline std::string grid_of(const LineChart& chart, const ChartFrame& frame) {
  std::string svg = svg_text(frame.left - 38, 13, chart.y_label, "axis");
  for (const double tick : frame.y.ticks) {
    const double y = frame.y_of(tick);
    svg += svg_line(frame.left, y, frame.right, y, "grid");
    svg += svg_text(frame.left - 6, y + 3.5, frame.y.text(tick), "tick", "end");
  }
  auto ticks = chart.x_ticks;
  if (ticks.empty()) {
    for (const double tick : frame.x.ticks) ticks.emplace_back(tick, frame.x.text(tick));
  }
  for (const auto& [value, text] : ticks) {
    const double x = frame.x_of(value);
    if (x < frame.left - 0.5 || x > frame.right + 0.5) continue;
    svg +=
        svg_line(x, frame.bottom, x, frame.bottom + 4, "rule") + svg_text(x, frame.bottom + 16, text, "tick", "middle");
  }
  svg += svg_line(frame.left, frame.bottom, frame.right, frame.bottom, "rule");
  return svg + svg_text((frame.left + frame.right) / 2, chart.height - 4, chart.x_label, "axis", "middle");
}

/// The path of a line, lifted where a value is missing, with its markers.
inline std::string path_of(const ChartLine& line, const ChartFrame& frame) {
  const std::string colour = text_of("s", line.colour % 8);
  std::string path, dots;
  bool drawing = false;
  for (const auto& [x, y] : line.points) {
    if (!std::isfinite(x) || !std::isfinite(y)) {
      drawing = false;
      continue;
    }
    path += text_of(drawing ? "L" : "M", coordinate(frame.x_of(x)), " ", coordinate(frame.y_of(y)));
    drawing = true;
    if (!line.markers) continue;
    const std::string hint = text_of(line.label.empty() ? "" : line.label + ": ", number_text(y, 2));
    dots +=
        svg_element("circle", {{"cx", frame.x_of(x)}, {"cy", frame.y_of(y)}, {"r", 3.2}, {"class", "dot " + colour}},
                    svg_hint(hint));
  }
  const std::string css = text_of("line ", colour, line.faint ? " faint" : "", line.colour >= 8 ? " dashed" : "");
  return (path.empty() ? "" : svg_element("path", {{"d", path}, {"class", css}})) + dots;
}

}  // namespace detail

/// The chart as SVG. Lines without points are left out; a chart without any point is empty axes.
inline std::string line_chart(const LineChart& chart) {
  const detail::ChartFrame frame = detail::frame_of(chart);
  std::string svg = detail::grid_of(chart, frame);
  for (const ChartMark& mark : chart.marks) {
    const double x = frame.x_of(mark.x);
    svg += svg_line(x, frame.top - 4, x, frame.bottom, "mark") + svg_text(x + 4, frame.top + 5, mark.label, "tick");
  }
  for (const bool faint : {true, false}) {
    for (const ChartLine& line : chart.lines) {
      if (line.faint == faint) svg += detail::path_of(line, frame);
    }
  }
  for (const auto& [y, i] : detail::end_labels(chart, frame)) {
    const ChartLine& line = chart.lines[i];
    svg += svg_text(frame.right + 7, y + 3.5, shortened(line.label, (chart.width - frame.right - 8) / 1.12),
                    text_of("ends s", line.colour % 8));
  }
  return svg_picture(chart.width, chart.height, chart.title, text_of(chart.y_label, " over ", chart.x_label), svg);
}

}  // namespace mao
