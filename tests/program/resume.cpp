// SPDX-License-Identifier: Apache-2.0
// `mao tune` that is killed, which it cannot see coming, at every epoch.
#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/io/files.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/processes.hpp>
#include <support/program.hpp>
#include <support/sketch.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using namespace mao_test;

constexpr int epochs = 3, new_epochs = 2;

// Pictures rendered once, whose features are kept: a run takes a fraction of a second.
void render(const TemporaryFolder& folder) { rendered_sketch(folder / "sketch", 4); }

std::vector<std::string> tune_arguments(const TemporaryFolder& folder, const fs::path& out) {
  std::vector<std::string> words{"tune", "--method", "coop", "--mao", "--shots", "2", "--seeds", "1", "--quiet"};
  const auto add = [&](const std::string& option, const std::string& value) {
    words.insert(words.end(), {option, value});
  };
  add("--data", (folder / "sketch").string());
  add("--feature-cache", (folder / "features").string());
  add("--epochs", std::to_string(epochs));
  add("--new-epochs", std::to_string(new_epochs));
  add("--out", out.string());
  return words;
}

long lines_of(const fs::path& file) {
  if (!fs::exists(file)) return 0;
  const std::string text = mao::read_text_file(file);
  return std::count(text.begin(), text.end(), '\n');
}

void run_whole(const TemporaryFolder& folder, const fs::path& out) {
  REQUIRE(mao_test::wait_for(start_mao(tune_arguments(folder, out))) == 0);
}

// Every file of prompts and every figure, byte for byte; nothing half-written is left.
void check_same(const fs::path& run, const fs::path& whole) {
  for (const char* file : {"seed1/base.prompts.safetensors", "seed1/new.prompts.safetensors", "results.json",
                           "metrics.jsonl", "seed1/result.json"}) {
    CAPTURE(file);
    CHECK(mao::read_text_file(run / file) == mao::read_text_file(whole / file));
  }
  for (const auto& entry : fs::recursive_directory_iterator(run)) {
    CAPTURE(entry.path());
    CHECK(entry.path().filename().string().find(".tmp-") == std::string::npos);
  }
}

}  // namespace

TEST_CASE("a run that is killed in every epoch ends with the same bytes as one that is not", "[resume]") {
  const TemporaryFolder folder;
  const fs::path whole = folder / "whole", killed = folder / "killed";
  render(folder);
  run_whole(folder, whole);
  std::minstd_rand random(11);
  int kills = 0;
  for (long epoch = 1; epoch <= epochs + new_epochs; ++epoch) {
    const pid_t pid = start_mao(tune_arguments(folder, killed));
    // Its line is there first, then its checkpoint is written, then the next epoch begins: somewhere there it dies.
    while (!has_ended(pid) && lines_of(killed / "metrics.jsonl") < epoch)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20000));
    kills += has_ended(pid) ? 0 : 1;
    mao_test::kill_and_wait(pid);
  }
  CAPTURE(kills);
  CHECK(kills >= epochs);
  run_whole(folder, killed);
  check_same(killed, whole);
}

TEST_CASE("a run resumes from whatever a kill left: half a line, half a file", "[resume]") {
  const TemporaryFolder folder;
  const fs::path whole = folder / "whole", cut = folder / "cut";
  render(folder);
  run_whole(folder, whole);
  // As killed while it wrote the last line of the base stage, in the middle of a checkpoint, before any result.
  fs::copy(whole, cut, fs::copy_options::recursive);
  for (const char* file : {"results.json", "seed1/result.json", "seed1/new.prompts.safetensors",
                           "seed1/new.checkpoint.safetensors", "seed1/base.prompts.safetensors"}) {
    fs::remove(cut / file);
  }
  const std::string metrics = mao::read_text_file(whole / "metrics.jsonl");
  const std::string third = metrics.substr(0, metrics.find("\"new\""));
  mao::write_file_atomically(cut / "metrics.jsonl",
                             [&](std::ostream& out) { out << metrics.substr(0, third.rfind('\n') + 20); });
  fs::copy(whole / "seed1" / "base.prompts.safetensors", cut / "seed1" / "new.checkpoint.safetensors.tmp-4194305-0");
  fs::resize_file(cut / "seed1" / "new.checkpoint.safetensors.tmp-4194305-0", 100);
  run_whole(folder, cut);
  check_same(cut, whole);
}

TEST_CASE("a flipped bit in a checkpoint is refused by its name, and found by inspect", "[resume]") {
  const TemporaryFolder folder;
  const fs::path run = folder / "run", checkpoint = run / "seed1" / "new.checkpoint.safetensors";
  render(folder);
  run_whole(folder, run);
  const std::string verify = "inspect --verify " + mao_test::quoted(run);
  const mao_test::Run right = mao_test::mao_program(verify);
  CHECK(right.code == 0);
  CHECK_THAT(right.output,
             ContainsSubstring("base.prompts.safetensors: intact, xxh64:") && ContainsSubstring("0 damaged"));
  for (const char* file : {"results.json", "seed1/result.json", "seed1/new.prompts.safetensors"})
    fs::remove(run / file);
  std::string bytes = mao::read_text_file(checkpoint);
  bytes[bytes.size() - 5] ^= 2;
  mao::write_file_atomically(checkpoint, [&](std::ostream& out) { out << bytes; });
  const fs::path said = folder / "said";
  CHECK(mao_test::wait_for(start_mao(tune_arguments(folder, run), said)) == 1);
  CHECK_THAT(mao::read_text_file(said), ContainsSubstring("new.checkpoint.safetensors is damaged: its checksum is"));
  const mao_test::Run damaged = mao_test::mao_program(verify);
  CHECK(damaged.code == 1);
  CHECK_THAT(damaged.output, ContainsSubstring("1 damaged"));
}

TEST_CASE("a damaged file of a run is named", "[resume]") {
  const TemporaryFolder folder;
  const fs::path whole = folder / "whole", run = folder / "run", said = folder / "said";
  render(folder);
  run_whole(folder, whole);
  const auto resumed = [&](const std::string& file, const std::string& content) {
    fs::remove_all(run);
    fs::copy(whole, run, fs::copy_options::recursive);
    if (file != "results.json") fs::remove(run / "results.json");
    if (file == "metrics.jsonl") fs::remove(run / "seed1/result.json");
    mao::write_file_atomically(run / file, [&](std::ostream& out) { out << content; });
    fs::remove(said);
    CHECK(mao_test::wait_for(start_mao(tune_arguments(folder, run), said)) == 1);
    return mao::read_text_file(said);
  };
  for (const std::string file : {"results.json", "zero_shot.json", "seed1/result.json"}) {
    for (const std::string content : {"{}", "[1]", "{\"paper\": 3, \"base\": ", "7"}) {
      CAPTURE(file, content);
      CHECK_THAT(resumed(file, content), ContainsSubstring((run / file).string()) && ContainsSubstring("remove it"));
    }
  }
  const std::string lines = mao::read_text_file(whole / "metrics.jsonl");
  CHECK_THAT(resumed("metrics.jsonl", lines + "{\"seed\": \"one\", \"epoch\": 1}\n"),
             ContainsSubstring("metrics.jsonl:" + std::to_string(epochs + new_epochs + 1) + ": "));
}

TEST_CASE("a changed digit in a JSON file of a run is refused, found by inspect, and noted by summarize and report",
          "[resume]") {
  const TemporaryFolder folder;
  const fs::path whole = folder / "whole", run = folder / "run", said = folder / "said";
  render(folder);
  run_whole(folder, whole);
  const auto changed = [&](const std::string& file, const std::string& from, const std::string& to) {
    fs::remove_all(run);
    fs::copy(whole, run, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    std::string text = mao::read_text_file(run / file);
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
    mao::write_file_atomically(run / file, [&](std::ostream& out) { out << text; });
    const auto verified = mao_program("inspect --verify " + quoted(run));
    CHECK(verified.code == 1);
    CHECK_THAT(verified.output, ContainsSubstring(file + ": ") && ContainsSubstring("damaged, or edited") &&
                                    ContainsSubstring(", 1 damaged"));
    fs::remove(said);
  };
  const auto resumed = [&](const std::string& file) {
    if (file != "results.json" && file != "config.json") fs::remove(run / "results.json");
    if (file == "metrics.jsonl") fs::remove(run / "seed1/result.json");
    const int code = mao_test::wait_for(start_mao(tune_arguments(folder, run), said));
    CHECK(code == 1);
    return mao::read_text_file(said);
  };
  changed("config.json", "\"shots\": 2", "\"shots\": 3");
  CHECK_THAT(resumed("config.json"), ContainsSubstring("config.json is damaged, or was edited"));
  for (const std::string file : {"results.json", "zero_shot.json", "seed1/result.json"}) {
    CAPTURE(file);
    changed(file, "\"h\": ", "\"h\": 1");
    CHECK_THAT(resumed(file), ContainsSubstring((run / file).string() + " is damaged, or was edited"));
  }
  changed("metrics.jsonl", "\"epoch\":1", "\"epoch\":2");
  CHECK_THAT(resumed("metrics.jsonl"), ContainsSubstring("metrics.jsonl:1 is damaged, or was edited"));

  changed("results.json", "\"h\": ", "\"h\": 1");
  const auto table = mao_program("summarize " + quoted(run));
  CHECK(table.code == 0);
  CHECK_THAT(table.output, ContainsSubstring("results.json was edited or damaged after mao wrote it"));
  const fs::path page = folder / "page.html";
  CHECK(mao_program("report " + quoted(run) + " --out " + quoted(page)).code == 0);
  CHECK_THAT(mao::read_text_file(page),
             ContainsSubstring("Edited or damaged after mao wrote it") && ContainsSubstring("results.json"));
  CHECK_THAT(mao_program("summarize " + quoted(whole)).output, !ContainsSubstring("edited"));
}
