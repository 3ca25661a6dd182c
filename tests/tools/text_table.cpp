// SPDX-License-Identifier: Apache-2.0
#include "report/text_table.hpp"

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("the same cells as CSV, Markdown and LaTeX", "[text_table]") {
  TextTable table{.header = {"data set", "H"}};
  table.add({"a|b, \"c\" & 5%", "82.14 ± 0.31"});
  CHECK(csv_text(table) == "data set,H\n\"a|b, \"\"c\"\" & 5%\",82.14 ± 0.31\n");
  CHECK(markdown_text(table) == "| data set | H |\n|---|---:|\n| a\\|b, \"c\" & 5% | 82.14 ± 0.31 |\n");
  const std::string latex = latex_text(table);
  CHECK_THAT(latex, ContainsSubstring("\\begin{tabular}{lr}") && ContainsSubstring("\\& 5\\%") &&
                        ContainsSubstring("82.14 $\\pm$ 0.31 \\\\") && ContainsSubstring("\\bottomrule"));
}

TEST_CASE("a row of another length is refused", "[text_table]") {
  TextTable table{.header = {"a", "b"}};
  CHECK_THROWS_AS(table.add({"1"}), ShapeError);
}
