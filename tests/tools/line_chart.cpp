// SPDX-License-Identifier: Apache-2.0
#include "report/line_chart.hpp"

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("a line is lifted where a value is missing, and labelled at its end", "[line_chart]") {
  const std::string svg =
      line_chart({.title = "H",
                  .x_label = "shots",
                  .y_label = "H, %",
                  .lines = {{.label = "CoOp <1>", .points = {{0, 1}, {1, NAN}, {2, 3}, {3, 4}}, .markers = true}}});
  const std::size_t path = svg.find("<path d=\"M");
  REQUIRE(path != std::string::npos);
  CHECK(svg.find('M', path + 10) < svg.find('"', path + 10));  // a second start within the same path
  CHECK_THAT(svg, ContainsSubstring("CoOp &lt;1&gt;") && ContainsSubstring(">shots<"));
  CHECK(svg.find("nan") == std::string::npos);
}

TEST_CASE("labels at the ends of lines do not cover one another", "[line_chart]") {
  LineChart chart{.title = "t"};
  for (int i = 0; i < 6; ++i)
    chart.lines.push_back({.label = std::to_string(i), .points = {{0, 0}, {1, 10 + 0.01 * i}}});
  chart.lines.push_back({.label = "low", .points = {{0, 0}, {1, 0}}});
  const auto frame = detail::frame_of(chart);
  const auto labels = detail::end_labels(chart, frame);
  REQUIRE(labels.size() == 7);
  for (std::size_t i = 1; i < labels.size(); ++i) CHECK(labels[i].first - labels[i - 1].first >= 12.9);
  CHECK(labels.back().first <= frame.bottom);
}

TEST_CASE("a chart has a title for those who do not see it", "[line_chart]") {
  // [line_chart]
  const std::string svg = mao::line_chart({.title = "Loss",
                                           .x_label = "epoch",
                                           .y_label = "Loss",
                                           .lines = {{.label = "seed 1", .points = {{1, 2.5}, {2, 1.75}, {3, 1.5}}}}});
  // [end]
  CHECK_THAT(svg, ContainsSubstring("aria-label=\"Loss. Loss over epoch\""));
}

TEST_CASE("counted places have whole ticks, and small differences do not fill the height", "[line_chart]") {
  const LineChart chart{.title = "t", .lines = {{.label = "", .points = {{1, 62.51}, {2, 62.54}}}}, .least_range = 2};
  const auto frame = detail::frame_of(chart);
  CHECK(frame.x.ticks == std::vector<double>{1, 2});
  CHECK(frame.x.text(1) == "1");
  CHECK(frame.y.high - frame.y.low >= 2);
  CHECK(frame.y.low <= 62.51);
  CHECK(frame.y.high >= 62.54);
}

TEST_CASE("a chart without points is empty axes", "[line_chart]") {
  CHECK_THAT(line_chart({.title = "nothing"}), ContainsSubstring("<svg"));
}
