// SPDX-License-Identifier: Apache-2.0
#include "report/scatter_chart.hpp"

#include <set>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("points lie in the picture, stars over them with their names", "[scatter_chart]") {
  ScatterChart chart{.title = "batch", .x_label = "x", .y_label = "y", .groups = 2};
  for (int i = 0; i < 20; ++i) chart.points.push_back({.x = i * 100.0, .y = -i * 3.0, .group = 1});
  chart.points.push_back({.x = 50, .y = 10, .group = 0, .star = true, .label = "wild cat"});
  const std::string svg = scatter_chart(chart);
  CHECK(svg.rfind("<polygon") > svg.rfind("<circle"));
  CHECK_THAT(svg, ContainsSubstring("wild cat"));
  for (std::size_t at = svg.find("cx=\""); at != std::string::npos; at = svg.find("cx=\"", at + 1)) {
    const double x = std::stod(svg.substr(at + 4));
    CHECK(x >= 0);
    CHECK(x <= chart.width);
  }
}

TEST_CASE("a label that has no room is left out rather than covering another", "[scatter_chart]") {
  ScatterChart chart{.title = "crowd", .groups = 30};
  for (std::size_t i = 0; i < 30; ++i) chart.points.push_back({.group = i, .star = true, .label = "a long class name"});
  const std::string svg = scatter_chart(chart);
  std::size_t labels = 0;
  for (std::size_t at = svg.find("halo"); at != std::string::npos; at = svg.find("halo", at + 1)) ++labels;
  CHECK(labels <= 4);
}

TEST_CASE("groups have hues of their own", "[scatter_chart]") {
  for (const std::size_t groups : {1, 5, 8, 9, 64}) {
    std::set<std::string> hues;
    for (std::size_t g = 0; g < groups; ++g) hues.insert(coordinate(group_hue(g, groups)));
    CHECK(hues.size() == groups);
  }
}
