// SPDX-License-Identifier: Apache-2.0
#include "runs/run_folder.hpp"

#include <fstream>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

#include <nlohmann/json.hpp>

using namespace mao;
using nlohmann::json;

TEST_CASE("a run is reopened by the same settings and refused by others, which are named", "[run_folder]") {
  const mao_test::TemporaryFolder temporary;
  const auto path = temporary.path() / "deep" / "run";
  const json config{{"shots", 16}, {"method", "coop"}};
  RunFolder(path, config).save("results.json", {{"h", 50.0}});
  CHECK(RunFolder(path, config).read("results.json").at("h") == 50.0);
  CHECK(RunFolder(path, config).read("other.json").is_null());
  json other = config;
  other["shots"] = 4;
  CHECK_THROWS_AS(RunFolder(path, other), OptionError);
  CHECK_THROWS_WITH(RunFolder(path, other), ContainsSubstring("shots: 16 there, 4 now"));
}

TEST_CASE("lines that a resumed run writes again are forgotten, a half-written one too", "[run_folder]") {
  const mao_test::TemporaryFolder temporary;
  const RunFolder run(temporary.path(), json::object());
  for (int epoch = 0; epoch < 4; ++epoch) run.metric({{"epoch", epoch}});
  std::ofstream(temporary.path() / "metrics.jsonl", std::ios::app) << "{\"epo";
  run.forget_metrics([](const json& line) { return line.at("epoch") >= 2; });
  CHECK(read_text_file(temporary.path() / "metrics.jsonl") == "{\"epoch\":0}\n{\"epoch\":1}\n");
}

TEST_CASE("a folder with results that no run has made is refused, and left as it is", "[run_folder]") {
  for (const char* name : {"results.json", "metrics.jsonl", "zero_shot.json", "log.txt"}) {
    const mao_test::TemporaryFolder temporary;
    temporary.write(name, "mine");
    CHECK_THROWS_WITH(RunFolder(temporary.path(), json::object()),
                      ContainsSubstring(name) && ContainsSubstring("choose another --out"));
    CHECK(read_text_file(temporary.path() / name) == "mine");
    CHECK_FALSE(std::filesystem::exists(temporary.path() / "config.json"));
  }
}

TEST_CASE("lines are not written to where a link leads", "[run_folder]") {
  const mao_test::TemporaryFolder temporary;
  const RunFolder run(temporary.path() / "run", json::object());
  const auto target = temporary.write("target", "mine");
  std::filesystem::create_symlink(target, run.path() / "log.txt");
  CHECK_THROWS_WITH(run.log("line"), ContainsSubstring("log.txt is a symbolic link"));
  CHECK(read_text_file(target) == "mine");
}

TEST_CASE("a guard prevents every change of the folder", "[run_folder]") {
  const mao_test::TemporaryFolder temporary;
  RunFolder run(temporary.path(), json::object());
  run.metric({{"epoch", 1}});
  run.save("results.json", {{"h", 1}});
  const auto before = read_text_file(temporary.path() / "metrics.jsonl");
  run.guard([] { throw FileError("taken over"); });
  CHECK_THROWS_WITH(run.log("x"), ContainsSubstring("taken over"));
  CHECK_THROWS_WITH(run.metric({{"epoch", 2}}), ContainsSubstring("taken over"));
  CHECK_THROWS_WITH(run.save("results.json", {{"h", 2}}), ContainsSubstring("taken over"));
  CHECK_THROWS_WITH(run.forget_metrics([](const json&) { return true; }), ContainsSubstring("taken over"));
  CHECK_THROWS_WITH(run.folder("seed1"), ContainsSubstring("taken over"));
  CHECK_FALSE(std::filesystem::exists(temporary.path() / "seed1"));
  CHECK(read_text_file(temporary.path() / "metrics.jsonl") == before);
  CHECK(run.read("results.json").at("h") == 1);
}

TEST_CASE("a place where no folder can be made is an error that names it", "[run_folder]") {
  const mao_test::TemporaryFolder temporary;
  std::ofstream(temporary.path() / "file") << "x";
  CHECK_THROWS_WITH(RunFolder(temporary.path() / "file" / "run", json::object()), ContainsSubstring("file"));
}

TEST_CASE("a name that is no UTF-8 is escaped in what a run writes", "[run_folder]") {
  const mao_test::TemporaryFolder temporary;
  const RunFolder run(temporary.path(), json::object());
  run.metric({{"image", "ros\xE9.jpg"}});
  run.save("one.json", {{"image", "ros\xE9.jpg"}});
  CHECK(read_text_file(temporary / "metrics.jsonl") == "{\"image\":\"ros\\\\xE9.jpg\"}\n");
  CHECK(run.read("one.json").at("image") == "ros\\xE9.jpg");
}
