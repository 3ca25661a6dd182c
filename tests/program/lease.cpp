// SPDX-License-Identifier: Apache-2.0
// Runs and workers whose machine dies, restarts or stands still, and those that take over from them.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include <mao/io/files.hpp>

#include "runs/lease.hpp"
#include "runs/leftovers.hpp"

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/processes.hpp>
#include <support/program.hpp>
#include <support/sketch.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using mao::Lease;
using namespace mao_test;
using Words = std::vector<std::string>;

// Pictures rendered once for all tests, whose features are kept: an epoch takes a few milliseconds.
const TemporaryFolder& pictures() {
  static const TemporaryFolder folder;
  static const fs::path once = rendered_sketch(folder / "sketch", 4);
  return folder;
}

struct Place {
  TemporaryFolder folder;
  const TemporaryFolder& data = pictures();
  [[nodiscard]] fs::path log() const { return folder / "log"; }
  [[nodiscard]] std::string said() const { return fs::exists(log()) ? mao::read_text_file(log()) : ""; }
  [[nodiscard]] Words tune(const fs::path& out, const std::string& epochs = "60",
                           const std::string& stale = "2") const {
    return {"tune",
            "--data",
            (data / "sketch").string(),
            "--feature-cache",
            (data / "features").string(),
            "--shots",
            "2",
            "--seeds",
            "1",
            "--epochs",
            epochs,
            "--out",
            out.string(),
            "--stale-after",
            stale};
  }
  [[nodiscard]] fs::path sweep_file() const {
    return folder.write("sweep.toml", "data = '" + (data / "sketch").string() + "'\nfeature-cache = '" +
                                          (data / "features").string() + "'\nshots = 2\nepochs = 60\nseeds = [1, 2]\n");
  }
  [[nodiscard]] Words worker(const fs::path& out, const std::string& stale_after) const {
    return {"sweep", sweep_file().string(), "--out", out.string(), "--worker", "--stale-after", stale_after};
  }
};

long line_count(const fs::path& file) {
  if (!fs::exists(file)) return 0;
  const std::string text = mao::read_text_file(file);
  return std::count(text.begin(), text.end(), '\n');
}

// A run of which a few epochs are done.
pid_t started(const Words& words, const fs::path& out, const fs::path& log, const Words& before = {}) {
  const pid_t pid = start_mao(words, log, before);
  while (line_count(out / "metrics.jsonl") < 3 && !mao_test::has_ended(pid)) sleep_ms(2);
  REQUIRE_FALSE(fs::exists(out / "results.json"));
  return pid;
}

// The run that nobody disturbs, once for all tests.
const fs::path& whole_run() {
  static const fs::path whole = pictures() / "whole";
  static const int code = mao_test::wait_for(start_mao(Place().tune(whole)));
  REQUIRE(code == 0);
  return whole;
}

void check_same_run(const fs::path& run, const fs::path& whole) {
  for (const char* file : {"seed1/plain.prompts.safetensors", "seed1/plain.checkpoint.safetensors", "results.json",
                           "metrics.jsonl", "seed1/result.json"}) {
    CAPTURE(file);
    CHECK(mao::read_text_file(run / file) == mao::read_text_file(whole / file));
  }
}

// A machine of its own as far as one kernel can be two: other processes, another name. Empty where that is not allowed.
Words other_machine() {
  for (const std::string& user : {std::string(), std::string("--user --map-root-user ")}) {
    if (shell("unshare " + user + "--pid --uts --fork --kill-child hostname other").code != 0) continue;
    Words words{"unshare", "--pid", "--uts", "--fork", "--kill-child"};
    if (!user.empty()) words.insert(words.end(), {"--user", "--map-root-user"});
    words.insert(words.end(), {"sh", "-c", "hostname other; exec \"$@\"", "sh"});
    return words;
  }
  return {};
}

}  // namespace

TEST_CASE("a run that stands still is taken over, and stops in order when it wakes", "[lease]") {
  const Place place;
  const fs::path whole = whole_run(), out = place.folder / "out";
  const pid_t first = started(place.tune(out), out, place.log());
  ::kill(first, SIGSTOP);
  sleep_ms(2100);  // a sign of life of this very moment, in whole seconds, would have the second one refused
  const auto stopped = std::chrono::steady_clock::now();
  const fs::path said = place.folder / "second";
  CHECK(mao_test::wait_for(start_mao(place.tune(out), said)) == 0);
  CHECK(std::chrono::steady_clock::now() - stopped > std::chrono::milliseconds(1500));
  CHECK_THAT(mao::read_text_file(said), ContainsSubstring("held by a process that may be gone") &&
                                            ContainsSubstring(std::to_string(first) + " on ") &&
                                            ContainsSubstring("taken over"));
  ::kill(first, SIGCONT);
  CHECK(mao_test::wait_for(first) == 1);
  INFO(place.said());
  // It finds the next lease, or, when the second one has finished and removed them all, that its own is gone.
  CHECK_THAT(place.said(), ContainsSubstring("this process writes nothing more there"));
  check_same_run(out, whole);
}

TEST_CASE("--take-over takes a folder from a run that lives, which stops in order", "[lease]") {
  const Place place;
  const fs::path whole = whole_run(), out = place.folder / "out";
  const pid_t first = started(place.tune(out), out, place.log());
  const fs::path said = place.folder / "second";
  const int refused = mao_test::wait_for(start_mao(place.tune(out), said));
  INFO(mao::read_text_file(said));
  if (refused != 0) {  // unless the first one had finished by then
    CHECK_THAT(mao::read_text_file(said),
               ContainsSubstring("another process is at work in this folder (" + std::to_string(first) + " on ") &&
                   ContainsSubstring("--take-over"));
  }
  Words taking = place.tune(out);
  taking.emplace_back("--take-over");
  CHECK(mao_test::wait_for(start_mao(taking, said)) == 0);
  const int code = mao_test::wait_for(first);
  CHECK((code == 1 || code == 0));
  check_same_run(out, whole);
}

TEST_CASE("of several that start at the same moment one runs, and is not disturbed", "[lease]") {
  const Place place;
  const fs::path whole = whole_run(), out = place.folder / "out";
  std::vector<pid_t> all;
  for (int i = 0; i < 4; ++i) all.push_back(start_mao(place.tune(out), place.log()));
  int finished = 0;
  for (const pid_t one : all) finished += mao_test::wait_for(one) == 0 ? 1 : 0;
  INFO(place.said());
  CHECK(finished >= 1);  // the others were refused, or came when it had finished
  CHECK_THAT(place.said(), !ContainsSubstring("taken over"));
  check_same_run(out, whole);
}

TEST_CASE("a run whose machine was restarted resumes at once", "[lease]") {
  const Place place;
  const fs::path whole = whole_run(), out = place.folder / "out";
  kill_and_wait(started(place.tune(out, "60", "3600"), out, place.log()));
  std::string lease = mao::read_text_file(out / "run.lock.1");
  const auto boot = lease.find(mao::detail::this_boot());
  REQUIRE(boot != std::string::npos);
  lease.replace(boot, 8, "00000000");  // an earlier boot
  std::ofstream(out / "run.lock.1") << lease;
  const auto began = std::chrono::steady_clock::now();
  CHECK(mao_test::wait_for(start_mao(place.tune(out), place.log())) == 0);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::minutes(10));  // not an hour
  check_same_run(out, whole);
}

TEST_CASE("a run whose folder is deleted ends and says so", "[lease]") {
  const Place place;
  const fs::path out = place.folder / "out";
  const pid_t run = started(place.tune(out, "100000"), out, place.log());
  fs::rename(out, place.folder / "elsewhere");
  CHECK(mao_test::wait_for(run) == 1);
  // It finds out when it looks at its lease, or just before, when it begins a file.
  CHECK_THAT(place.said(), ContainsSubstring("run.lock.1, the lock of this process, is gone") ||
                               ContainsSubstring("No such file or directory"));
  CHECK_FALSE(fs::exists(out));
}

TEST_CASE("a sweep is finished after the machine of a worker died, or stood still", "[lease]") {
  const Words machine = other_machine();
  MAO_SKIP_UNLESS(!machine.empty(), "this system lets nobody make namespaces, which stand for machines here");
  const Place place;
  const fs::path whole = place.folder / "whole", dead = place.folder / "dead", still = place.folder / "still";
  REQUIRE(mao_test::wait_for(start_mao(place.worker(whole, "60"))) == 0);
  const auto check = [&](const fs::path& sweep) {
    CHECK(mao::read_text_file(sweep / "results.json") == mao::read_text_file(whole / "results.json"));
    for (const auto& entry : fs::directory_iterator(whole)) {
      if (fs::exists(entry.path() / "seed1")) check_same_run(sweep / entry.path().filename(), entry.path());
    }
  };
  const auto run = [](const fs::path& sweep) { return sweep / "sketch_seed1"; };

  const pid_t killed = started(place.worker(dead, "3"), run(dead), place.log(), machine);
  CHECK(Lease::holder_of(run(dead) / "run.lock")->host == "other");
  kill_and_wait(killed);  // and with it all processes of its machine
  const auto began = std::chrono::steady_clock::now();
  const int after_kill = mao_test::wait_for(start_mao(place.worker(dead, "3"), place.log()));
  INFO(place.said());
  CHECK(after_kill == 0);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::minutes(5));
  check(dead);

  const pid_t worker = started(place.worker(still, "3"), run(still), place.log());
  const auto child = static_cast<pid_t>(Lease::holder_of(run(still) / "run.lock")->pid);
  ::kill(worker, SIGSTOP);
  ::kill(child, SIGSTOP);
  CHECK(mao_test::wait_for(start_mao(place.worker(still, "3"), place.log())) == 0);
  ::kill(child, SIGCONT);
  ::kill(worker, SIGCONT);
  CHECK(mao_test::wait_for(worker) == 0);  // nothing is left to do
  CHECK(mao::detail::is_gone(child));
  CHECK_THAT(place.said(), ContainsSubstring("taken over by another worker"));
  check(still);
}
