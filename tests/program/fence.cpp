// SPDX-License-Identifier: Apache-2.0
// A process that is stopped just before it puts a file in place, and whose folder another one takes over meanwhile,
// leaves the folder as the other one made it.
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

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
using Words = std::vector<std::string>;

// A training that writes every kind of file.
Words tune_fenced(const TemporaryFolder& folder, const fs::path& out) {
  return {"tune",
          "--data",
          (folder / "sketch").string(),
          "--feature-cache",
          (folder / "features").string(),
          "--recipe",
          "all-classes",
          "--shots",
          "2",
          "--seeds",
          "1",
          "--epochs",
          "2",
          "--new-epochs",
          "2",
          "--out",
          out.string()};
}

// Starts mao so that it stops when it has written `file`, and waits for that.
pid_t stopped_at(const std::string& file, const Words& words, const fs::path& log) {
  return stopped_mao("MAO_STOP_AT=/" + file, words, log);
}

// Every file that is in place, by its path: which file it is, when it was written, what is in it.
using Content = std::map<std::string, std::tuple<ino_t, long, long, std::string>>;
Content content_of(const fs::path& folder) {
  Content all;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = fs::relative(entry.path(), folder).string();
    if (!entry.is_regular_file() || name.find(".tmp-") != std::string::npos) continue;
    struct stat status {};
    REQUIRE(::stat(entry.path().c_str(), &status) == 0);
    all[name] = {status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, mao::read_text_file(entry.path())};
  }
  return all;
}

// The files of a run that are replaced as a whole, and metrics.jsonl; lines of the others are appended.
std::vector<std::string> files_in_place(const fs::path& run) {
  std::vector<std::string> files;
  for (const auto& [name, unused] : content_of(run)) {
    if (!name.ends_with("log.txt") && name.find("events.out") == std::string::npos) files.push_back(name);
  }
  return files;
}

void check_nothing_left(const fs::path& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    CHECK_THAT(entry.path().string(), !ContainsSubstring(".tmp-"));
  }
}

}  // namespace

TEST_CASE("a run that lost its folder puts no file in place, whichever it has just written", "[fence]") {
  MAO_SKIP_UNLESS(can_preload, "no library can be loaded before the sanitizer's");
  const TemporaryFolder folder;
  rendered_sketch(folder / "sketch", 4);
  const fs::path whole = folder / "whole";
  REQUIRE(wait_for(start_mao(tune_fenced(folder, whole))) == 0);
  const std::vector<std::string> files = files_in_place(whole);
  for (const char* known : {"config.json", "metrics.jsonl", "results.json", "zero_shot.json", "seed1/result.json",
                            "seed1/base.checkpoint.safetensors", "seed1/base.prompts.safetensors",
                            "seed1/joined.prompts.safetensors", "seed1/confusion.json", "seed1/batches.json"}) {
    CAPTURE(known);
    CHECK(std::ranges::find(files, known) != files.end());
  }
  for (const std::string& file : files) {
    CAPTURE(file);
    const fs::path out = folder / "out", said = folder / "said";
    fs::remove_all(out);
    fs::remove(said);
    if (file == "metrics.jsonl") {  // replaced by a run that resumes
      fs::copy(whole, out, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
      for (const char* result : {"results.json", "seed1/result.json"}) fs::remove(out / result);
    }
    const pid_t first = stopped_at(file, tune_fenced(folder, out), said);
    Words taking = tune_fenced(folder, out);
    taking.emplace_back("--take-over");
    REQUIRE(wait_for(start_mao(taking)) == 0);
    Content before = content_of(out);
    ::kill(first, SIGCONT);
    const int code = wait_for(first);
    Content after = content_of(out);
    INFO(mao::read_text_file(said));
    if (file == "config.json") {  // it did not have the folder yet, and finds a finished run
      CHECK(code == 0);
      for (Content* content : {&before, &after}) content->erase("log.txt");
    } else {
      CHECK(code == 1);
      CHECK_THAT(mao::read_text_file(said), ContainsSubstring("this process writes nothing more there"));
    }
    CHECK((after == before));
    check_nothing_left(out);
    for (const std::string& each : files) {
      CAPTURE(each);
      CHECK(mao::read_text_file(out / each) == mao::read_text_file(whole / each));
    }
  }
}

TEST_CASE("a worker that lost a run notes no failure of it", "[fence]") {
  MAO_SKIP_UNLESS(can_preload, "no library can be loaded before the sanitizer's");
  const TemporaryFolder folder;
  const fs::path sweep = folder / "sweep", said = folder / "said", error = sweep / "sketch_seed1" / "sweep-error.json";
  const fs::path file = folder.write("sweep.toml", "data = 'sketch'\nshots = 1\nepochs = 1\nseeds = [1]\n");
  REQUIRE(mao_test::mao_program("sweep " + mao_test::quoted(file) + " --print-slurm --out " + mao_test::quoted(sweep))
              .code == 0);
  fs::create_directories(sweep / "sketch_seed1");
  folder.write("sweep/sketch_seed1/log.txt", "of somebody else");  // so the run is refused
  const Words words{"sweep", file.string(), "--out", sweep.string(), "--worker", "--stale-after", "2"};
  const pid_t first = stopped_at("sweep-error.json", words, said);
  CHECK_FALSE(fs::exists(error));
  CHECK(wait_for(start_mao(words)) == 1);
  REQUIRE(fs::exists(error));
  const Content before = content_of(sweep / "sketch_seed1");
  ::kill(first, SIGCONT);
  CHECK(wait_for(first) == 1);
  CHECK_THAT(mao::read_text_file(said), ContainsSubstring("was taken over by another worker"));
  CHECK((content_of(sweep / "sketch_seed1") == before));
}
