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

TEST_CASE("a CSV cell that a spreadsheet would compute stands behind an apostrophe, or as it is", "[text_table]") {
  for (const char* formula : {"=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "--class", "+", "=x"}) {
    CAPTURE(formula);
    const bool single = formula[1] == '\0';
    CHECK(detail::csv_cell(formula) == (single ? "" : "'") + std::string(formula));
    CHECK(detail::csv_cell(formula, CsvCells::Plain) == formula);
  }
  for (const char* plain : {"-1.5", "+0.3", "-1e-3", "-", "a=b", "coop+mao", "82.1", "", "-inf"}) {
    CAPTURE(plain);
    CHECK(detail::csv_cell(plain) == plain);
  }
  CHECK(detail::csv_cell("=A1,B1") == "\"'=A1,B1\"");
  TextTable table{.header = {"class", "H"}};
  table.add({"=1+1", "-0.5"});
  CHECK(csv_text(table) == "class,H\n'=1+1,-0.5\n");
  CHECK(csv_text(table, CsvCells::Plain) == "class,H\n=1+1,-0.5\n");
}
