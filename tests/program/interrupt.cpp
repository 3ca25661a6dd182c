// SPDX-License-Identifier: Apache-2.0
// A signal that comes while images are read, encoded or tested, or while a page is written: the command says so at
// once, ends in order with status 130, leaves nothing half-written, and can be run again.
#include <csignal>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/io/files.hpp>

#include <support/catch.hpp>
#include <support/processes.hpp>
#include <support/program.hpp>
#include <support/sketch.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using namespace mao_test;
using Words = std::vector<std::string>;

constexpr const char* no_preload = "no library can be loaded before the sanitizer's";
constexpr const char* answer = "mao: stopping ... (a second signal ends it at once)";

// The signals arrive while the process is stopped, so it has them before it does anything else. Its exit status.
int sent(pid_t stopped, const std::vector<int>& signals) {
  for (const int signal : signals) ::kill(stopped, signal);
  ::kill(stopped, SIGCONT);
  return wait_for(stopped);
}

// The files below a folder that are not whole.
int half_written(const fs::path& folder) {
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    count += entry.path().string().find(".tmp-") != std::string::npos ? 1 : 0;
  }
  return count;
}

Words tune_of(const TemporaryFolder& folder, const fs::path& out) {
  return {"tune",
          "--data",
          (folder / "sketch").string(),
          "--feature-cache",
          (folder / "features").string(),
          "--mao",
          "--shots",
          "2",
          "--seeds",
          "1",
          "--epochs",
          "1",
          "--new-epochs",
          "1",
          "--out",
          out.string()};
}

}  // namespace

TEST_CASE("encode, predict and eval stop between two batches of images, and write nothing", "[interrupt]") {
  MAO_SKIP_UNLESS(can_preload, no_preload);
  const TemporaryFolder folder;
  const fs::path sketch = rendered_sketch(folder / "sketch"), features = folder / "features.npz",
                 said = folder / "said";
  const std::string test = (sketch / "images" / "test").string(), picture = ":/test/10/0.png";
  // predict looks at both ends of each picture first, and decodes at the second opening.
  const std::vector<std::pair<std::string, Words>> commands{
      {"1", {"encode", "--images", test, "--out", features.string()}},
      {"2", {"predict", test, "--classes", "star", "ring", "--feature-cache", "off"}},
      {"1", {"eval", "--data", sketch.string(), "--feature-cache", "off"}}};
  for (const auto& [opening, words] : commands) {
    for (const int signal : {SIGINT, SIGTERM}) {
      CAPTURE(words.front(), signal);
      fs::remove(said);
      CHECK(sent(stopped_mao("MAO_STOP_AT_OPEN=" + opening + picture, words, said), {signal}) == 130);
      const std::string text = mao::read_text_file(said);
      CAPTURE(text);
      CHECK_THAT(text, ContainsSubstring(answer) && ContainsSubstring("mao: stopped; nothing was written"));
      CHECK_THAT(text, !ContainsSubstring("accuracy") && !ContainsSubstring("%"));
    }
  }
  CHECK_FALSE(fs::exists(features));
  CHECK(half_written(folder.path()) == 0);
  CHECK(wait_for(start_mao(commands.front().second)) == 0);
  CHECK(fs::exists(features));
}

TEST_CASE("tune stops while it encodes, leaves no folder, and the same command does it all", "[interrupt]") {
  MAO_SKIP_UNLESS(can_preload, no_preload);
  const TemporaryFolder folder;
  rendered_sketch(folder / "sketch");
  const fs::path out = folder / "out", whole = folder / "whole", said = folder / "said";
  const Words tune = tune_of(folder, out);
  // The first opening is for the fingerprint of the data.
  CHECK(sent(stopped_mao("MAO_STOP_AT_OPEN=2:/test/10/0.png", tune, said), {SIGTERM}) == 130);
  const std::string text = mao::read_text_file(said);
  CAPTURE(text);
  CHECK_THAT(text, ContainsSubstring(answer) && ContainsSubstring("stopped before the training"));
  CHECK_FALSE(fs::exists(out));
  CHECK(half_written(folder.path()) == 0);
  REQUIRE(wait_for(start_mao(tune)) == 0);
  REQUIRE(wait_for(start_mao(tune_of(folder, whole))) == 0);
  CHECK(mao::read_text_file(out / "results.json") == mao::read_text_file(whole / "results.json"));
}

TEST_CASE("tune stops while it tests, not only at its next step, and resumes", "[interrupt]") {
  MAO_SKIP_UNLESS(can_preload, no_preload);
  const TemporaryFolder folder;
  rendered_sketch(folder / "sketch");
  const fs::path out = folder / "out", whole = folder / "whole", said = folder / "said";
  // The prompts of the last stage: no step follows, so a run that only stopped at a step would finish.
  CHECK(sent(stopped_mao("MAO_STOP_AT=/new.prompts.safetensors", tune_of(folder, out), said), {SIGINT}) == 130);
  const std::string text = mao::read_text_file(said);
  CAPTURE(text);
  CHECK_THAT(text, ContainsSubstring(answer) && ContainsSubstring("the same command resumes the run"));
  CHECK(fs::exists(out / "seed1" / "new.prompts.safetensors"));
  CHECK_FALSE(fs::exists(out / "seed1" / "result.json"));
  CHECK(half_written(out) == 0);
  REQUIRE(wait_for(start_mao(tune_of(folder, out))) == 0);
  REQUIRE(wait_for(start_mao(tune_of(folder, whole))) == 0);
  for (const char* file : {"results.json", "metrics.jsonl", "seed1/new.prompts.safetensors"}) {
    CAPTURE(file);
    CHECK(mao::read_text_file(out / file) == mao::read_text_file(whole / file));
  }
}

TEST_CASE("report and datasets check stop between two runs or pictures", "[interrupt]") {
  MAO_SKIP_UNLESS(can_preload, no_preload);
  const TemporaryFolder folder;
  const fs::path sketch = rendered_sketch(folder / "sketch"), page = folder / "page.html", said = folder / "said";
  REQUIRE(mao_program("tune --data sketch --method zero-shot --quiet --out " + quoted(folder / "run")).code == 0);
  const std::vector<std::pair<std::string, Words>> commands{
      {"1:/results.json", {"report", (folder / "run").string(), "--out", page.string()}},
      {"1:/test/10/0.png", {"datasets", "check", (sketch / "split_zhou_sketch.json").string(), "--threads", "1"}}};
  for (const auto& [opening, words] : commands) {
    CAPTURE(words.front());
    fs::remove(said);
    CHECK(sent(stopped_mao("MAO_STOP_AT_OPEN=" + opening, words, said), {SIGINT}) == 130);
    CHECK_THAT(mao::read_text_file(said), ContainsSubstring(answer) && !ContainsSubstring("whole"));
  }
  CHECK_FALSE(fs::exists(page));
}

TEST_CASE("a second signal ends a command at once, of the same kind or the other", "[interrupt]") {
  MAO_SKIP_UNLESS(can_preload, no_preload);
  const TemporaryFolder folder;
  const fs::path sketch = rendered_sketch(folder / "sketch"), said = folder / "said";
  const Words words{"encode", "--images", (sketch / "images").string(), "--out", (folder / "f.npz").string()};
  const pid_t stopped = stopped_mao("MAO_STOP_AT_OPEN=1:/test/10/0.png", words, said);
  CHECK(sent(stopped, {SIGINT, SIGTERM}) == -1);  // by the signal
  CHECK_THAT(mao::read_text_file(said), ContainsSubstring(answer) && !ContainsSubstring("nothing was written"));
  CHECK_FALSE(fs::exists(folder / "f.npz"));
}
