// SPDX-License-Identifier: Apache-2.0
#include "runs/run_record.hpp"

#include "tools/run_builder.hpp"
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;

TEST_CASE("a run is read with its seeds, classes and epochs", "[run_record]") {
  const mao_test::TemporaryFolder temporary;
  mao_test::build_run(temporary.path(), {});
  temporary.write("metrics.jsonl",
                  R"({"seed":1,"stage":"base","epoch":3,"epochs":10,"loss":1.5,"accuracy":70,"learning_rate":0.002}
{"seed":1,"ep)");
  const RunRecord run = read_run(temporary.path());
  CHECK(run.finished);
  REQUIRE(run.seeds.size() == 2);
  CHECK(run.seeds[1].paper.base == 82.0);
  CHECK(std::isnan(run.seeds[1].single.base));
  CHECK(run.seeds[0].base_classes.at("cat") == 80.0);
  CHECK(std::isnan(run.seeds[0].new_classes.at("fox")));
  REQUIRE(run.epochs.size() == 1);
  CHECK(run.epochs[0].stage == "base");
  CHECK(run.epochs[0].loss == 1.5);
  CHECK(run.zero_shot->scores.fresh == 40.0);
  CHECK(run.zero_shot->base_classes.empty());
}

TEST_CASE("an unfinished run is read as far as it is there", "[run_record]") {
  const mao_test::TemporaryFolder temporary;
  mao_test::build_run(temporary.path(), {});
  std::filesystem::remove(temporary / "results.json");
  std::filesystem::remove_all(temporary / "seed2");
  temporary.write("metrics.jsonl", "");
  const RunRecord run = read_run(temporary.path());
  CHECK_FALSE(run.finished);
  REQUIRE(run.seeds.size() == 1);
  CHECK(run.seeds[0].paper.fresh == 60.0);
}

TEST_CASE("a transfer run has its targets", "[run_record]") {
  const mao_test::TemporaryFolder temporary;
  mao_test::build_run(temporary.path(), {});
  temporary.write("results.json", R"({"protocol":"transfer","zero_shot":{"dtd":43.0},
    "per_seed":[{"seed":1,"source":71.5,"targets":{"dtd":44.5,"eurosat":null}}]})");
  const RunRecord run = read_run(temporary.path());
  CHECK(run.transfer);
  CHECK(run.seeds[0].source == 71.5);
  CHECK(run.seeds[0].targets.at("dtd") == 44.5);
  CHECK(run.zero_shot->targets.at("dtd") == 43.0);
}

TEST_CASE("what is no run, and files that are damaged, are named", "[run_record]") {
  const mao_test::TemporaryFolder temporary;
  CHECK_THROWS_WITH(read_run(temporary.path()), ContainsSubstring("is not a run folder"));
  mao_test::build_run(temporary.path(), {});
  temporary.write("seed2/result.json", "{\"paper\":");
  CHECK_THROWS_AS(read_run(temporary.path()), FormatError);
  CHECK_THROWS_WITH(read_run(temporary.path()), ContainsSubstring("seed2/result.json"));
  temporary.write("seed2/result.json", "{}");
  temporary.write("results.json", R"({"per_seed":[{"seed":"one"}]})");
  CHECK_THROWS_AS(read_run(temporary.path()), FormatError);
  temporary.write("config.json", R"({"data":"caltech101"})");
  CHECK_THROWS_WITH(read_run(temporary.path()), ContainsSubstring("settings of the data"));
}

TEST_CASE("files that were edited after mao wrote them are read and named", "[run_record]") {
  const mao_test::TemporaryFolder temporary;
  mao_test::build_run(temporary.path(), {});
  const std::string line = R"({"seed":1,"stage":"base","epoch":3,"epochs":10,"loss":1.5})";
  temporary.write("metrics.jsonl", with_checksum(line) + "\n");
  for (const char* name : {"config.json", "results.json", "seed1/result.json", "seed2/result.json"}) {
    temporary.write(name, with_checksum(read_text_file(temporary / name)));
  }
  const RunRecord whole = read_run(temporary.path());
  CHECK(whole.edited.empty());
  CHECK_FALSE(whole.settings.contains("mao_checksum"));

  const auto edit = [&](const char* name, const std::string& from, const std::string& to) {
    std::string text = read_text_file(temporary / name);
    REQUIRE(text.find(from) != std::string::npos);
    temporary.write(name, text.replace(text.find(from), from.size(), to));
  };
  edit("config.json", "16", "4");
  edit("results.json", "80.0", "90.0");
  edit("seed2/result.json", "82.0", "92.0");
  edit("metrics.jsonl", "1.5", "1.0");
  const RunRecord run = read_run(temporary.path());
  CHECK(run.seeds[1].paper.base == 92.0);
  std::vector<std::string> edited = run.edited;
  std::ranges::sort(edited);
  CHECK(edited ==
        std::vector<std::string>{(temporary / "config.json").string(), (temporary / "metrics.jsonl").string() + ":1",
                                 (temporary / "results.json").string(), (temporary / "seed2/result.json").string()});
}
