// SPDX-License-Identifier: Apache-2.0
#include "runs/run_folder.hpp"

#include <atomic>
#include <fstream>
#include <thread>
#include <vector>

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

TEST_CASE("a setting that was left at its default is named by what it stands for", "[run_folder]") {
  const mao_test::TemporaryFolder temporary;
  const json config{{"data", {{"a/b", 1}}}, {"method", {{"name", "coop"}, {"mao", false}, {"epochs", 0}}}};
  const RunFolder run(temporary.path() / "run", config);
  json other = config;
  other["method"]["epochs"] = 5;
  CHECK_THROWS_WITH(RunFolder(run.path(), other), ContainsSubstring("(epochs: default (20) there, 5 now)"));
  other = config;
  other["data"]["a/b"] = 2;
  CHECK_THROWS_WITH(RunFolder(run.path(), other), ContainsSubstring("(a/b: 1 there, 2 now)"));
}

TEST_CASE("lines that a resumed run writes again are forgotten, a half-written one too", "[run_folder]") {
  const mao_test::TemporaryFolder temporary;
  const RunFolder run(temporary.path(), json::object());
  for (int epoch = 0; epoch < 4; ++epoch) run.metric({{"epoch", epoch}});
  std::ofstream(temporary.path() / "metrics.jsonl", std::ios::app) << "{\"epo";
  run.forget_metrics([](const json& line) { return line.at("epoch") >= 2; });
  CHECK(read_text_file(temporary.path() / "metrics.jsonl") ==
        with_checksum("{\"epoch\":0}") + "\n" + with_checksum("{\"epoch\":1}") + "\n");
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

TEST_CASE("a folder that holds folders of others is refused; files beside a run are welcome", "[run_folder]") {
  const mao_test::TemporaryFolder temporary;
  temporary.write("slurm-1.out", "log");
  std::filesystem::create_directory(temporary.path() / ".hidden");
  CHECK_NOTHROW(RunFolder(temporary.path(), json::object()));
  std::filesystem::create_directory(temporary.path() / "photos");
  CHECK_NOTHROW(RunFolder(temporary.path(), json::object()));  // it is the folder of a run by now
  const mao_test::TemporaryFolder other;
  std::filesystem::create_directory(other.path() / "cat");
  CHECK_THROWS_WITH(RunFolder(other.path(), json::object()),
                    ContainsSubstring("holds the folder 'cat'") && ContainsSubstring("choose another --out"));
  CHECK_FALSE(std::filesystem::exists(other.path() / "config.json"));
  const mao_test::TemporaryFolder album;
  album.write("holiday.JPG", "x");
  CHECK_THROWS_WITH(RunFolder(album.path(), json::object()),
                    ContainsSubstring("holds the image 'holiday.JPG'") && ContainsSubstring("choose another --out"));
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
  CHECK(read_text_file(temporary / "metrics.jsonl") == with_checksum("{\"image\":\"ros\\\\xE9.jpg\"}") + "\n");
  CHECK(run.read("one.json").at("image") == "ros\\xE9.jpg");
}

namespace {

// Puts one text in the place of another in a file, as a person would.
void edit_run_file(const std::filesystem::path& file, const std::string& from, const std::string& to) {
  std::string text = read_text_file(file);
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  std::ofstream(file, std::ios::binary) << text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a changed digit in a file of a run is refused by the file's name", "[run_folder]") {
  const mao_test::TemporaryFolder temporary;
  const auto path = temporary / "run";
  const json config{{"shots", 16}};
  const RunFolder run(path, config);
  run.save("results.json", {{"h", 51.5}});
  run.save_compact("curve.json", {{"points", {1, 2, 3}}});
  for (int epoch = 0; epoch < 3; ++epoch) run.metric({{"epoch", epoch}, {"loss", 1.25}});
  const auto keep_all = [](const json&) { return false; };

  edit_run_file(path / "results.json", "51.5", "61.5");
  CHECK_THROWS_WITH(run.read("results.json"), ContainsSubstring("results.json is damaged, or was edited") &&
                                                  ContainsSubstring("the same command makes it again"));
  edit_run_file(path / "curve.json", "1,2", "1,4");
  CHECK_THROWS_WITH(run.read("curve.json"), ContainsSubstring("curve.json is damaged"));
  edit_run_file(path / "metrics.jsonl", "\"epoch\":1,\"loss\":1.25", "\"epoch\":1,\"loss\":1.26");
  CHECK_THROWS_WITH(run.forget_metrics(keep_all), ContainsSubstring("metrics.jsonl:2 is damaged, or was edited"));
  edit_run_file(path / "config.json", "16", "17");
  CHECK_THROWS_WITH(RunFolder(path, {{"shots", 17}}), ContainsSubstring("config.json is damaged, or was edited"));
  CHECK_THROWS_WITH(RunFolder::read_config(path), ContainsSubstring("remove its \"mao_checksum\""));
}

TEST_CASE("an edit is accepted once the checksum is removed, and a formatter changes nothing", "[run_folder]") {
  const mao_test::TemporaryFolder temporary;
  const RunFolder run(temporary / "run", {{"shots", 16}});
  run.save("results.json", {{"name", "caf\u00e9"}, {"h", 51.5}});
  const auto file = run.path() / "results.json";
  auto value = json::parse(read_text_file(file));
  std::ofstream(file) << value.dump(7, ' ', true);
  CHECK(run.read("results.json") == json{{"name", "caf\u00e9"}, {"h", 51.5}});
  value["h"] = 61.5;
  value.erase("mao_checksum");
  std::ofstream(file) << value;
  CHECK(run.read("results.json").at("h") == 61.5);
}

TEST_CASE("of two runs that come to a new folder at once, the folder is of one", "[run_folder]") {
  for (int round = 0; round < 50; ++round) {
    const mao_test::TemporaryFolder temporary;
    std::atomic<int> made{0}, refused{0};
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
          try {
            const RunFolder run(temporary / "run", {{"seed", i}});
            ++made;
          } catch (const OptionError&) {
            ++refused;
          }
        });
      }
    }
    REQUIRE((made == 1 && refused == 3));
  }
}
