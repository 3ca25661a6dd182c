// SPDX-License-Identifier: Apache-2.0
#include "report/html.hpp"

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("a page is one file: no script, nothing fetched, everything named by its reader is text", "[html]") {
  const std::string page =
      html_page("<Runs> & more", "<p>lead</p>",
                {{"a", "First \"part\"", html_table(TextTable{{"class", "n"}, {{"<script>", "1"}}})}}, "foot");
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("http") == std::string::npos);
  CHECK(page.find("url(") == std::string::npos);
  CHECK_THAT(page, ContainsSubstring("<title>&lt;Runs&gt; &amp; more</title>") && ContainsSubstring("&lt;script&gt;") &&
                       ContainsSubstring("<a href=\"#a\">First &quot;part&quot;</a>") &&
                       ContainsSubstring("<section id=\"a\">") && ContainsSubstring("prefers-color-scheme: dark") &&
                       ContainsSubstring("name=\"viewport\""));
}

TEST_CASE("a table of CSV is in its link", "[html]") {
  CHECK(csv_link("a.csv", TextTable{{"x"}, {{"1"}}}) ==
        "<a download=\"a.csv\" href=\"data:text/csv;charset=utf-8;base64,eAoxCg==\">CSV</a>");
}

TEST_CASE("numbers of a table stand flush right", "[html]") {
  const std::string table = html_table({"method", "H"}, {{{{"CoOp"}, {"71.66", "best"}}, "published"}});
  CHECK_THAT(table, ContainsSubstring("<tr class=\"published\"><td>CoOp</td><td class=\"n best\">71.66</td></tr>") &&
                        ContainsSubstring("<th class=\"n\" scope=\"col\">H</th>"));
}

TEST_CASE("details, figures and keys are whole elements", "[html]") {
  CHECK(html_details("s", "b", true) == "<details open><summary>s</summary>\nb</details>\n");
  CHECK(html_figure("A < B", "<svg/>", "", "") == "<figure><h4>A &lt; B</h4><svg/></figure>\n");
  CHECK_THAT(colour_key({"", "b"}), ContainsSubstring("--s1") && !ContainsSubstring("--s0"));
  CHECK(html_grid({"x"}) == "<div class=\"grid\">\n<div>x</div>\n</div>\n");
}
