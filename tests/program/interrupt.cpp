// SPDX-License-Identifier: Apache-2.0
// A signal that comes while images are read, encoded or tested, or while a page is written: the command says so at
// once, ends in order with status 130, leaves nothing half-written, and can be run again.
#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/io/files.hpp>

#include <support/catch.hpp>
#include <support/golden.hpp>
#include <support/images.hpp>
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

// The files below a folder that are not whole.
int half_written(const fs::path& folder) {
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    count += entry.path().string().find(".tmp-") != std::string::npos ? 1 : 0;
  }
  return count;
}

// A process that is stopped (SIGSTOP), among those that `parent` and its children have started; 0 where there is none.
pid_t stopped_below(pid_t parent) {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream stream(entry.path() / "stat");
    const std::string text((std::istreambuf_iterator<char>(stream)), {});
    std::istringstream after_name(text.substr(std::min(text.rfind(')') + 1, text.size())));
    char state = 0;
    pid_t of = 0;
    if (!(after_name >> state >> of) || of != parent) continue;
    const pid_t pid = std::stoi(name), below = state == 'T' ? pid : stopped_below(pid);
    if (below != 0) return below;
  }
  return 0;
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

TEST_CASE("report, summarize and datasets check stop between two runs or images", "[interrupt]") {
  MAO_SKIP_UNLESS(can_preload, no_preload);
  const TemporaryFolder folder;
  const fs::path sketch = rendered_sketch(folder / "sketch"), page = folder / "page.html", said = folder / "said";
  REQUIRE(mao_program("tune --data sketch --method zero-shot --quiet --out " + quoted(folder / "run")).code == 0);
  const std::vector<std::pair<std::string, Words>> commands{
      {"1:/results.json", {"report", (folder / "run").string(), "--out", page.string()}},
      {"1:/results.json", {"summarize", (folder / "run").string(), "--out", page.string()}},
      {"1:/test/10/0.png", {"datasets", "check", (sketch / "split_zhou_sketch.json").string(), "--threads", "1"}}};
  for (const auto& [opening, words] : commands) {
    CAPTURE(words.front());
    fs::remove(said);
    CHECK(sent(stopped_mao("MAO_STOP_AT_OPEN=" + opening, words, said), {SIGINT}) == 130);
    CHECK_THAT(mao::read_text_file(said), ContainsSubstring(answer) && !ContainsSubstring("whole"));
  }
  CHECK_FALSE(fs::exists(page));
}

TEST_CASE("export and add stop before they encode, and write nothing", "[interrupt]") {
  MAO_SKIP_UNLESS(can_preload, no_preload);
  const TemporaryFolder folder;
  const fs::path run = folder / "run", weights = folder / "w.safetensors", added = folder / "added.prompts.safetensors",
                 said = folder / "said";
  rendered_sketch(folder / "sketch");
  REQUIRE(wait_for(start_mao(tune_of(folder, run))) == 0);
  for (const char* name : {"a.png", "b.png"}) {
    write_png(folder / "zebras" / name, random_image(40, 40, 1));
  }
  folder.write("names.txt", "purple zebra\norange gate\n");
  const std::string prompts = (run / "seed1/new.prompts.safetensors").string(), names = (folder / "names.txt").string();
  const std::vector<std::pair<std::string, Words>> commands{
      {"1:/names.txt", {"export", weights.string(), "--prompts", prompts, "--classes-file", names}},
      {"1:/zebras/b.png",
       {"add", run.string(), "--classes-file", names, "--images", (folder / "zebras").string(), "--gate", "untuned",
        "--feature-cache", "off", "--out", added.string()}}};
  for (const auto& [opening, words] : commands) {
    for (const int signal : {SIGINT, SIGTERM}) {
      CAPTURE(words.front(), signal);
      fs::remove(said);
      CHECK(sent(stopped_mao("MAO_STOP_AT_OPEN=" + opening, words, said), {signal}) == 130);
      const std::string text = mao::read_text_file(said);
      CAPTURE(text);
      CHECK_THAT(text, ContainsSubstring(answer) && ContainsSubstring("mao: stopped; nothing was written"));
      CHECK_THAT(text, !ContainsSubstring("wrote"));
    }
    CHECK_FALSE(fs::exists(weights));
    CHECK_FALSE(fs::exists(added));
  }
  CHECK(half_written(folder.path()) == 0);
  for (const auto& [opening, words] : commands) CHECK(wait_for(start_mao(words)) == 0);
  CHECK((fs::exists(weights) && fs::exists(added)));
}

TEST_CASE("replay stops in the folder that it compares, and does not call it passed", "[interrupt][golden]") {
  MAO_SKIP_UNLESS(can_preload, no_preload);
  const auto golden = golden_folder();
  MAO_SKIP_UNLESS(golden, "no golden traces beside the source tree");
  const TemporaryFolder folder;
  const fs::path said = folder / "said";
  const Words words{"replay", (*golden / "coop").string(), (*golden / "kgcoop").string()};
  CHECK(sent(stopped_mao("MAO_STOP_AT_OPEN=1:/kgcoop/config.json", words, said), {SIGTERM}) == 130);
  const std::string text = mao::read_text_file(said);
  CAPTURE(text);
  CHECK_THAT(text, ContainsSubstring(answer) && ContainsSubstring("/coop ") && !ContainsSubstring("/kgcoop "));
  CHECK_THAT(text, !ContainsSubstring("of 2 passed"));
}

TEST_CASE("a protocol stops in its first run, begins no other, and the same command does them all", "[interrupt]") {
  MAO_SKIP_UNLESS(can_preload, no_preload);
  const TemporaryFolder folder;
  const fs::path out = folder / "series", said = folder / "said";
  Words words{"base2new", "--datasets"};
  for (const char* name : {"one", "two"}) words.push_back(rendered_sketch(folder / name).string());
  for (const char* word : {"--shots", "2", "--seeds", "1", "--epochs", "1", "--feature-cache", "off", "--out"}) {
    words.emplace_back(word);
  }
  words.push_back(out.string());
  // The first opening is for the fingerprint of the data.
  CHECK(sent(stopped_mao("MAO_STOP_AT_OPEN=2:/one/images/test/10/0.png", words, said), {SIGINT}) == 130);
  const std::string text = mao::read_text_file(said);
  CAPTURE(text);
  CHECK_THAT(text, ContainsSubstring(answer) && ContainsSubstring("(1 of 2)") && !ContainsSubstring("(2 of 2)"));
  CHECK_FALSE(fs::exists(out));
  REQUIRE(wait_for(start_mao(words)) == 0);
  CHECK(fs::exists(out / "two" / "results.json"));
  CHECK(half_written(out) == 0);
}

TEST_CASE("a sweep passes the signal on to a run that encodes", "[interrupt]") {
  MAO_SKIP_UNLESS(can_preload, no_preload);
  const TemporaryFolder folder;
  const fs::path sketch = rendered_sketch(folder / "sketch"), said = folder / "said";
  const fs::path file = folder.write(
      "s.toml", "data = \"" + sketch.string() + "\"\nshots = 2\nepochs = 1\nseeds = [1, 2]\nfeature-cache = \"off\"\n");
  const Words words{"sweep", file.string()};
  const pid_t sweep = start_mao(words, said, stopping_at("MAO_STOP_AT_OPEN=2:/test/10/0.png"));
  pid_t run = 0;
  while (run == 0 && !has_ended(sweep)) {
    sleep_ms(20);
    run = stopped_below(sweep);
  }
  INFO(mao::read_text_file(said));
  REQUIRE(run != 0);
  ::kill(sweep, SIGTERM);
  ::kill(run, SIGCONT);
  CHECK(wait_for(sweep) == 130);
  const std::string text = mao::read_text_file(said);
  CHECK_THAT(text, ContainsSubstring(answer) && ContainsSubstring("0 done, 0 failed, 0 running, 2 open"));
  CHECK(half_written(folder.path()) == 0);
  REQUIRE(wait_for(start_mao(words, said)) == 0);
  CHECK_THAT(mao::read_text_file(said), ContainsSubstring("2 done, 0 failed, 0 running, 0 open"));
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
