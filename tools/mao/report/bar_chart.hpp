// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Horizontal bars to both sides of zero, as SVG: what changed, by class or by data set.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "report/axis.hpp"
#include "report/svg.hpp"

namespace mao {

/// One bar; the sign of its value chooses the side and the colour.
struct ChartBar {
  std::string label;
  double value = 0;
  std::string hint{};  ///< shown when a pointer rests on it
  bool light = false;  ///< drawn lighter, for a second kind of bars
};

/// What a bar chart shows.
struct BarChart {
  std::string title, description{};
  std::vector<ChartBar> bars{};
  int decimals = 1;
  double width = 360;
};

/// The chart as SVG, the bars in the order given. Values that are not finite have no bar.
inline std::string bar_chart(const BarChart& chart) {
  constexpr double row = 18, top = 4;
  double low = 0, high = 0, label_room = 40, number_room = 30;
  for (const ChartBar& bar : chart.bars) {
    if (std::isfinite(bar.value)) low = std::min(low, bar.value), high = std::max(high, bar.value);
    label_room = std::max(label_room, text_width(bar.label) + 10);
    number_room = std::max(number_room, text_width(signed_text(bar.value, chart.decimals)) + 8);
  }
  label_room = std::min(label_room, chart.width * 0.42);
  Axis axis{low, high};
  if (high <= low) axis.high = low + 1;
  const double left = label_room + (low < 0 ? number_room : 4), right = chart.width - (high > 0 ? number_room : 4);
  const double zero = axis.at(0, left, right), height = top * 2 + row * static_cast<double>(chart.bars.size());
  std::string svg;
  double y = top;
  for (const ChartBar& bar : chart.bars) {
    svg += svg_text(label_room - 6, y + 12.5, shortened(bar.label, label_room - 8), "label", "end");
    if (std::isfinite(bar.value)) {
      const double end = axis.at(bar.value, left, right);
      const bool gain = bar.value >= 0;
      svg += svg_element("rect",
                         {{"x", std::min(zero, end)},
                          {"y", y + 3},
                          {"width", std::max(1.0, std::abs(end - zero))},
                          {"height", row - 6},
                          {"class", text_of(gain ? "gain" : "loss", bar.light ? " light" : "")}},
                         bar.hint.empty() ? "" : svg_hint(bar.hint));
      svg += svg_text(end + (gain ? 5 : -5), y + 12.5, signed_text(bar.value, chart.decimals), "tick",
                      gain ? "start" : "end");
    }
    y += row;
  }
  svg += svg_line(zero, top, zero, height - top, "rule");
  return svg_picture(chart.width, height, chart.title, chart.description, svg);
}

}  // namespace mao
