// SPDX-License-Identifier: Apache-2.0
#include "report/summary_text.hpp"

#include "runs/find_runs.hpp"
#include "tools/run_builder.hpp"
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

#include <sstream>

using namespace mao;

TEST_CASE("scores as words: averages first, published rows below", "[summary_text]") {
  const mao_test::TemporaryFolder temporary;
  mao_test::build_run(temporary / "a", {.data = "eurosat"});
  mao_test::build_run(temporary / "b", {.data = "dtd"});
  const auto runs = read_runs({temporary.path()});
  const Summary summary = summarize(runs);
  const TextTable table = score_table(summary);
  CHECK(table.rows.at(1) ==
        std::vector<std::string>{"Average (2 data sets)", "CoOp", "81.00 ± 1.41", "61.00 ± 1.41", "69.59 ± 1.44"});
  CHECK(table.rows.at(2) == std::vector<std::string>{"DTD", "untuned", "50.00", "40.00", "44.44"});
  CHECK_THAT(csv_text(score_table(summary, true)), ContainsSubstring("MAO paper, 20 epochs"));
  CHECK_THAT(csv_text(score_columns(summary)),
             ContainsSubstring("EuroSAT,CoOp,2,81.0000,1.4142,61.0000,1.4142,69.5915,"));
}

TEST_CASE("from folders to a table in three lines", "[summary_text]") {
  const mao_test::TemporaryFolder temporary;
  mao_test::build_run(temporary / "a", {});
  const auto folder = temporary.path();
  std::ostringstream out;
  // [summarize]
  const auto runs = mao::read_runs({folder});
  const mao::Summary summary = mao::summarize(runs);
  out << mao::markdown_text(mao::score_table(summary));
  // [end]
  CHECK_THAT(out.str(), ContainsSubstring("| Caltech101 | CoOp | 81.00 ± 1.41 |"));
}

TEST_CASE("without new classes there is one accuracy", "[summary_text]") {
  Summary summary{.data_sets = {"DTD"}, .methods = {{.key = "coop", .title = "CoOp"}}};
  summary.methods[0].scores["DTD"] = score_statistics({{1, {60, not_tested, not_tested}}});
  CHECK(csv_text(score_table(summary, true)) == "data set,method,accuracy\nDTD,CoOp,60.00\n");
}

TEST_CASE("what was not tested is a dash, or an empty cell for programs", "[summary_text]") {
  CHECK(mean_text({not_tested, 0}, 3) == "–");
  CHECK(mean_text({82.1, 0.25}, 1) == "82.10");
}
