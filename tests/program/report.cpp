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
  const std::string again = "report " + quoted(temporary.path()) + " --out " + quoted(page) + " --csv ";
  CHECK(mao_program(again + quoted(tables)).code == 0);  // its own tables are replaced
  const TemporaryFolder own;
  own.write("scores.csv", "student,score\nAda,1\n");
  const Run refused = mao_program(again + quoted(own.path()));
  CHECK(refused.code == 1);
  CHECK_THAT(refused.output, ContainsSubstring("scores.csv exists and is not a table of `mao report`"));
  CHECK(mao::read_text_file(own / "scores.csv") == "student,score\nAda,1\n");
  CHECK_FALSE(std::filesystem::exists(own / "halves.csv"));
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

TEST_CASE("what --against compares can be told apart: by settings, and by folders if these are the same", "[report]") {
  const TemporaryFolder temporary;
  build_run(temporary / "one", {.shots = 1, .seeds = {1}});
  build_run(temporary / "four", {.shots = 4, .seeds = {1}});
  build_run(temporary / "again", {.shots = 1, .seeds = {2}, .base = 70});
  const auto compared = [&](const char* first, const char* second) {
    return mao_program("summarize " + quoted(temporary / first) + " --against " + quoted(temporary / second)).output;
  };
  CHECK_THAT(compared("one", "four"), ContainsSubstring("| CoOp, 1 shot | CoOp, 4 shots | Base |"));
  CHECK_THAT(compared("one", "again"), ContainsSubstring("| CoOp, one | CoOp, again | Base |"));
}

TEST_CASE("deviations and means over seeds are mentioned only if there are several seeds", "[report]") {
  const TemporaryFolder temporary;
  build_run(temporary / "single", {.seeds = {1}});
  build_run(temporary / "several", {.method = "kgcoop", .seeds = {1, 2}});
  const auto said = [&](const char* runs) {
    const auto page = temporary / (std::string(runs) + ".html");
    REQUIRE(mao_program("report " + quoted(temporary / runs) + " --out " + quoted(page)).code == 0);
    std::string all = mao::read_text_file(page);
    for (const char* format : {"md", "latex"}) {
      all += mao_program("summarize --format " + std::string(format) + " " + quoted(temporary / runs)).output;
    }
    return all;
  };
  CHECK_THAT(said("single"), !ContainsSubstring("standard deviation") && !ContainsSubstring("eans over seeds") &&
                                 !ContainsSubstring("all seeds") && !ContainsSubstring("±"));
  CHECK_THAT(
      said("several"),
      ContainsSubstring("H is that of the means over seeds, as in the papers; below is the standard deviation") &&
          ContainsSubstring("Means over seeds, ± their standard deviation; H is that of the means."));
}

TEST_CASE("report and summarize replace what they wrote and nothing else", "[report]") {
  const TemporaryFolder temporary;
  build_series(temporary);
  const auto photo = temporary.write("photo.html", "\xff\xd8 a photo");
  for (const std::string command : {"report ", "summarize "}) {
    const std::string write = command + quoted(temporary.path()) + " --out ";
    const Run refused = mao_program(write + quoted(photo));
    INFO(refused.output);
    CHECK(refused.code == 1);
    CHECK_THAT(refused.output, ContainsSubstring("photo.html exists and is not a ") &&
                                   ContainsSubstring("`mao " + command.substr(0, command.size() - 1) + "`, so it is") &&
                                   ContainsSubstring("give another name to write to, or remove the file first"));
    CHECK(mao::read_text_file(photo) == "\xff\xd8 a photo");
    const auto out = quoted(temporary.write(command.substr(0, 3) + ".out", ""));  // empty, as mktemp makes one
    for (int time = 0; time < 2; ++time) CHECK(mao_program(write + out).code == 0);
  }
  for (const std::string format : {"md", "csv", "latex"}) {  // any of its formats
    CHECK(mao_program("summarize " + quoted(temporary.path()) + " --format " + format + " --out " +
                      quoted(temporary / "table"))
              .code == 0);
  }
}

TEST_CASE("a damaged file of a run is named, with what came, what was expected and what to do", "[report]") {
  const TemporaryFolder temporary;
  const auto run = temporary / "run";
  const std::vector<std::string> files{"config.json", "results.json", "zero_shot.json", "metrics.jsonl",
                                       "seed1/result.json"};
  const auto refused = [&](const std::string& file, const std::string& text, const std::string& message) {
    build_run(run, {});
    mao_test::write_json(run / "zero_shot.json", {{"base", 50}});
    temporary.write("run/" + file, text);
    for (const std::string command : {"report ", "summarize "}) {
      const Run said = mao_program(command + quoted(run) + " --out " + quoted(temporary / "out.html"));
      INFO(command << file << "\n" << said.output);
      CHECK(said.code == 1);
      CHECK_THAT(said.output, ContainsSubstring("mao: ") && ContainsSubstring((run / file).string()) &&
                                  ContainsSubstring(message) && ContainsSubstring("restore the file from a copy") &&
                                  !ContainsSubstring("json.exception"));
    }
    std::filesystem::remove_all(run);
  };
  for (const std::string& file : files) {
    if (file == "metrics.jsonl") continue;  // a line that is cut off is that of a run that is being made
    refused(file, "{\"paper\": ", " is not JSON; expected the object that mao writes there");
    refused(file, "", " is empty; expected the object that mao writes there");
    refused(file, "[1]", " holds JSON of the kind array; expected the object that mao writes there");
  }
  const std::string kind = ": a value is missing, or of another kind than mao writes there";
  refused("config.json", R"({"data": {"data": 5}, "method": {"name": "coop"}})", kind);
  refused("config.json", R"({"data": {"data": "x"}, "method": {"name": "coop", "mao": "yes"}})", kind);
  refused("config.json", R"({"data": {"data": "x"}})",
          " has no settings of the method; expected what `mao tune` writes");
  refused("results.json", R"({"protocol": 5})", kind);
  refused("results.json", R"({"per_seed": [{"seed": "one"}]})", kind);
  refused("metrics.jsonl", R"({"epoch": "one"})", kind);
  const Run missing = mao_program("report " + quoted(temporary / "none"));
  CHECK_THAT(missing.output,
             ContainsSubstring("none is not a folder; expected the folder of a run (`mao tune --out`)"));
}
