// SPDX-License-Identifier: Apache-2.0
#include "report/heat_map.hpp"

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("each cell that is not empty is a square, the diagonal apart", "[heat_map]") {
  const std::string svg = heat_map({.title = "confusion",
                                    .row_label = "true",
                                    .column_label = "taken for",
                                    .names = {"cat", "dog & fox"},
                                    .cells = {{0, 0, 0.9}, {0, 1, 0.1, "cat taken for dog"}, {1, 0, 0}}});
  CHECK_THAT(svg, ContainsSubstring("class=\"cell right\"") && ContainsSubstring("class=\"cell\"") &&
                      ContainsSubstring("cat taken for dog") && ContainsSubstring("dog &amp; fox"));
  std::size_t squares = 0;
  for (std::size_t at = svg.find("fill-opacity"); at != std::string::npos; at = svg.find("fill-opacity", at + 1))
    ++squares;
  CHECK(squares == 2);
}
