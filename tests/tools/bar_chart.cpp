// SPDX-License-Identifier: Apache-2.0
#include "report/bar_chart.hpp"

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("gains and losses leave zero to both sides; a missing value has no bar", "[bar_chart]") {
  const std::string svg = bar_chart({.title = "change",
                                     .bars = {{.label = "cat", .value = 12.5, .hint = "a & b"},
                                              {.label = "dog", .value = -3},
                                              {.label = "fox", .value = NAN}}});
  CHECK_THAT(svg, ContainsSubstring("class=\"gain\"") && ContainsSubstring("class=\"loss\"") &&
                      ContainsSubstring("+12.5") && ContainsSubstring("−3.0") && ContainsSubstring("a &amp; b") &&
                      ContainsSubstring(">fox<"));
  CHECK(svg.find("nan") == std::string::npos);
}

TEST_CASE("bars of equal values and no bars are drawn", "[bar_chart]") {
  CHECK_THAT(bar_chart({.title = "zeros", .bars = {{.label = "a"}, {.label = "b"}}}), ContainsSubstring("</svg>"));
  CHECK_THAT(bar_chart({.title = "none"}), ContainsSubstring("</svg>"));
}
