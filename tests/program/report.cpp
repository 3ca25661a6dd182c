// SPDX-License-Identifier: Apache-2.0
// `mao summarize` and `mao report` on run folders that are made here: nothing is trained.
#include <string>

#include <mao/io/files.hpp>

#include "tools/run_builder.hpp"
#include <support/catch.hpp>
#include <support/program.hpp>
#include <support/temporary_folder.hpp>

namespace {

using namespace mao_test;

// Two methods on two data sets.
void build_series(const TemporaryFolder& temporary) {
  for (const char* data : {"caltech101", "eurosat"}) {
    build_run(temporary / "plain" / data, {.data = data});
    build_run(temporary / "mao" / data, {.data = data, .mao = true, .base = 81, .fresh = 70, .protocols = true});
  }
}

}  // namespace

TEST_CASE("summarize prints means over seeds in the order of the papers, in three formats", "[report]") {
  const TemporaryFolder temporary;
  build_series(temporary);
  const Run markdown = mao_program("summarize " + quoted(temporary.path()));
  INFO(markdown.output);
  REQUIRE(markdown.code == 0);
  CHECK_THAT(markdown.output,
             ContainsSubstring("| Average (2 data sets) | CoOp + MAO | 82.00 ± 1.41 | 71.00 ± 1.41 |") &&
                 ContainsSubstring("| EuroSAT | CoOp | 81.00 ± 1.41 |"));
  CHECK(markdown.output.find("| Caltech101") < markdown.output.find("| EuroSAT"));
  CHECK_THAT(mao_program("summarize --format csv " + quoted(temporary.path())).output,
             ContainsSubstring("average,CoOp,2,81.0000,1.4142,61.0000,1.4142,"));
  CHECK_THAT(mao_program("summarize --format latex --published " + quoted(temporary.path())).output,
             ContainsSubstring("\\begin{tabular}{llrrr}") && ContainsSubstring("CoOp + MAO, MAO paper"));
}

TEST_CASE("summarize tests one list of runs against another", "[report]") {
  const TemporaryFolder temporary;
  build_series(temporary);
  const Run run = mao_program("summarize " + quoted(temporary / "mao") + " --against " + quoted(temporary / "plain"));
  INFO(run.output);
  REQUIRE(run.code == 0);
  CHECK_THAT(run.output, ContainsSubstring("| CoOp + MAO | CoOp | New | 2 | +10.00 | 2 | 0 |"));
}

TEST_CASE("report writes one page that needs nothing else, and the tables behind it", "[report]") {
  const TemporaryFolder temporary;
  build_series(temporary);
  const auto page = temporary / "report.html", tables = temporary / "tables";
  const Run run =
      mao_program("report " + quoted(temporary.path()) + " --out " + quoted(page) + " --csv " + quoted(tables));
  INFO(run.output);
  REQUIRE(run.code == 0);
  const std::string html = mao::read_text_file(page);
  CHECK_THAT(html, ContainsSubstring("CoOp, CoOp + MAO on 2 data sets") && ContainsSubstring("CoCoOp paper") &&
                       ContainsSubstring("Runs and settings"));
  CHECK_THAT(html, ContainsSubstring("CoOp + MAO (paper)") && ContainsSubstring("CoOp + MAO (single)") &&
                       ContainsSubstring("CoOp + MAO (base stage only)") && ContainsSubstring("untuned"));
  CHECK(html.find("Zero-shot") == std::string::npos);
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("src=\"http") == std::string::npos);
  CHECK(html.find("href=\"http") == std::string::npos);
  CHECK(std::filesystem::exists(tables / "scores.csv"));
  const std::string before = html;
  REQUIRE(mao_program("report " + quoted(temporary.path()) + " --out " + quoted(page)).code == 0);
  CHECK(mao::read_text_file(page) == before);
}

TEST_CASE("places without runs are refused in words", "[report]") {
  const TemporaryFolder temporary;
  for (const char* command : {"report ", "summarize "}) {
    const Run run = mao_program(command + quoted(temporary.path()));
    CHECK(run.code == 1);
    CHECK_THAT(run.output, ContainsSubstring("no run in") && ContainsSubstring("config.json"));
  }
}

TEST_CASE("report and summarize draw a bar on a terminal and nothing elsewhere", "[report]") {
  const TemporaryFolder temporary;
  build_series(temporary);
  const std::string report = "report " + quoted(temporary.path()) + " --out " + quoted(temporary / "page.html");
  CHECK(mao_program(report).output.find("read runs") == std::string::npos);
  MAO_SKIP_UNLESS(mao_test::shell("command -v script").code == 0, "script of util-linux is not here");
  for (const std::string& command : {report, "summarize " + quoted(temporary.path())}) {
    const std::string mao = quoted(mao_test::build_dir() + "/bin/mao");
    const Run run = mao_test::shell("script -qec \"" + mao + " " + command + "\" /dev/null");
    INFO(run.output);
    CHECK(run.code == 0);
    CHECK_THAT(run.output, ContainsSubstring("read runs [========================] 4/4"));
  }
}
