// SPDX-License-Identifier: Apache-2.0
#include "report/page_style.hpp"

#include <algorithm>
#include <string>

#include <support/catch.hpp>

using namespace mao::detail;

TEST_CASE("every colour that is used is there for light and for dark", "[page_style]") {
  const std::string colours(page_colours);
  const std::size_t dark = colours.find("prefers-color-scheme: dark");
  REQUIRE(dark != std::string::npos);
  const std::string used = std::string(page_layout) + std::string(chart_style);
  for (std::size_t at = used.find("var(--"); at != std::string::npos; at = used.find("var(--", at + 1)) {
    const std::string name = used.substr(at + 4, used.find(')', at) - at - 4);
    if (name == "--w" || name == "--h" || name == "--c") continue;  // of single elements
    INFO(name);
    CHECK(colours.find(name + ":") < dark);
    CHECK(colours.find(name + ":", dark) != std::string::npos);
  }
}

TEST_CASE("what is opened is closed, and nothing is fetched", "[page_style]") {
  for (const std::string_view sheet : {page_colours, page_layout, chart_style}) {
    CHECK(std::ranges::count(sheet, '{') == std::ranges::count(sheet, '}'));
    CHECK(sheet.find("url(") == std::string_view::npos);
    CHECK(sheet.find("@import") == std::string_view::npos);
  }
}
