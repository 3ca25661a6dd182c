// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A matrix as shaded squares, as SVG, for confusions.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "report/svg.hpp"

namespace mao {

/// One square; those that are not listed are empty.
struct HeatCell {
  std::size_t row = 0, column = 0;
  double value = 0;    ///< 0 to 1, how dark
  std::string hint{};  ///< shown when a pointer rests on it
};

/// What a heat map shows: the same names along both sides.
struct HeatMap {
  std::string title, description{}, row_label{}, column_label{};
  std::vector<std::string> names{};
  std::vector<HeatCell> cells{};
  double width = 460;
};

/// The map as SVG. Squares on the diagonal are in a colour of their own: there nothing is wrong.
inline std::string heat_map(const HeatMap& map) {
  constexpr double most_label = 138;
  double label = 40;
  for (const std::string& name : map.names) label = std::max(label, std::min(most_label, text_width(name, 10) + 8));
  const double left = label + 14, top = label * 0.82 + 16;
  const double count = static_cast<double>(std::max<std::size_t>(map.names.size(), 1));
  const double side = std::min(26.0, (map.width - left - 4) / count);
  const double width = left + side * count + std::max(4.0, label * 0.55), height = top + side * count + 2;
  std::string svg = svg_element(
      "rect", {{"x", left}, {"y", top}, {"width", side * count}, {"height", side * count}, {"class", "frame"}});
  svg += svg_text(left, 10, text_of(map.column_label, " →"), "axis");
  svg += svg_element("text",
                     {{"class", "axis"},
                      {"text-anchor", "end"},
                      {"transform", text_of("translate(9 ", coordinate(top), ") rotate(-90)")}},
                     escaped_markup(text_of("← ", map.row_label)));
  for (std::size_t i = 0; i < map.names.size(); ++i) {
    const double middle = (static_cast<double>(i) + 0.5) * side;
    const std::string name = shortened(map.names[i], label - 6, 10);
    svg += svg_text(left - 5, top + middle + 3.5, name, "small", "end");
    const std::string turn =
        text_of("translate(", coordinate(left + middle + 3), " ", coordinate(top - 5), ") rotate(-55)");
    svg += svg_element("text", {{"class", "small"}, {"transform", turn}}, escaped_markup(name));
  }
  for (const HeatCell& cell : map.cells) {
    if (cell.value <= 0) continue;
    svg += svg_element("rect",
                       {{"x", left + static_cast<double>(cell.column) * side + 0.5},
                        {"y", top + static_cast<double>(cell.row) * side + 0.5},
                        {"width", side - 1},
                        {"height", side - 1},
                        {"class", cell.row == cell.column ? "cell right" : "cell"},
                        {"fill-opacity", 0.06 + 0.94 * std::sqrt(std::min(1.0, cell.value))}},
                       cell.hint.empty() ? "" : svg_hint(cell.hint));
  }
  return svg_picture(width, height, map.title, map.description, svg);
}

}  // namespace mao
