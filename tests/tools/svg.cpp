// SPDX-License-Identifier: Apache-2.0
#include "report/svg.hpp"

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("text that would be markup is not", "[svg]") {
  CHECK(escaped_markup("<a href=\"x\">'&'</a>\n") == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt; ");
  CHECK(svg_element("text", {{"x", 1.5}, {"class", "a\"b"}}, escaped_markup("<")) ==
        "<text x=\"1.5\" class=\"a&quot;b\">&lt;</text>");
  CHECK(svg_element("g", {}) == "<g/>");
}

TEST_CASE("numbers have the decimals asked for and never a negative zero", "[svg]") {
  CHECK(number_text(82.145, 1) == "82.1");
  CHECK(number_text(NAN, 2) == "–");
  CHECK(number_text(-0.2, 0) == "0");
  CHECK(signed_text(1.25, 2) == "+1.25");
  CHECK(signed_text(-1.25, 1) == "−1.2");
  CHECK(signed_text(-0.001, 2) == "0.00");
  CHECK(coordinate(3.0) == "3");
  CHECK(coordinate(-0.0001) == "0");
  CHECK(coordinate(120.456) == "120.46");
  CHECK(coordinate(100) == "100");
  CHECK_THROWS_AS(coordinate(NAN), NumericError);
}

TEST_CASE("words are cut between letters, of UTF-8 too", "[svg]") {
  CHECK(shortened("cat", 100) == "cat");
  const std::string cut = shortened("ööööööööööööö", 40);
  CHECK(cut.size() < 26);
  CHECK(cut.substr(cut.size() - 3) == "…");
  CHECK((cut.size() - 3) % 2 == 0);  // whole letters of two bytes
}

TEST_CASE("a picture names itself to those who do not see it", "[svg]") {
  const std::string svg = svg_picture(300, 200, "Loss", "over epochs", "<g/>");
  CHECK_THAT(svg, ContainsSubstring("viewBox=\"0 0 300 200\"") && ContainsSubstring("role=\"img\"") &&
                      ContainsSubstring("aria-label=\"Loss. over epochs\""));
}
