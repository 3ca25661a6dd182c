// SPDX-License-Identifier: Apache-2.0
// `mao sweep` as a user runs it, and workers of it that are killed.
#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

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
using namespace mao_test;
using nlohmann::json;

// A file of a sweep whose image features are cached in the same folder.
fs::path sweep_file(const TemporaryFolder& folder, const std::string& text) {
  return folder.write("sweep.toml", "feature-cache = '" + (folder / "features").string() + "'\n" + text);
}

std::string example_file(const std::string& name) {
  return mao::read_text_file(fs::path(mao_test::source_dir() + "/examples/sweeps") / name);
}

// The same sweep on pictures that were rendered once, whose features are kept: a fifth of the time.
std::string on_disk(const TemporaryFolder& folder, std::string text) {
  for (const std::string name : {"sketch", "shifted"}) {
    const fs::path data = mao_test::rendered(name, folder / name, 4);
    const auto at = text.find("\"" + name + "\"");
    if (at != std::string::npos) text.replace(at + 1, name.size(), data.string());
  }
  return text;
}

// A worker as a process of its own, its words in a file.
pid_t start_worker(const fs::path& file, const fs::path& out, const fs::path& log) {
  return mao_test::start_mao({"sweep", file.string(), "--out", out.string(), "--worker"}, log);
}

// The process of the run that a worker holds, by the run's own lease; 0 when there is none.
pid_t run_of_worker(const fs::path& sweep, pid_t worker) {
  if (!fs::exists(sweep / "locks")) return 0;
  for (const auto& entry : fs::directory_iterator(sweep / "locks")) {
    const auto holder = mao::detail::read_lease_file(entry.path(), 1, true);
    if (!holder || holder->pid != worker || holder->released) continue;
    const auto run = mao::Lease::holder_of(sweep / entry.path().stem() / "run.lock");
    if (run && !run->released) return static_cast<pid_t>(run->pid);
  }
  return 0;
}

std::set<std::string> files_with(const fs::path& folder, const std::string& part) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename().string().find(part) != std::string::npos) names.insert(entry.path().string());
  }
  return names;
}

}  // namespace

TEST_CASE("three workers, two of them killed, leave the same results as one that is not disturbed", "[sweep]") {
  const TemporaryFolder folder;
  const fs::path file = sweep_file(folder, on_disk(folder, example_file("first.toml"))), one = folder / "one",
                 three = folder / "three";
  const Run whole = mao_program("sweep " + quoted(file) + " --out " + quoted(one));
  INFO(whole.output);
  REQUIRE(whole.code == 0);
  CHECK_THAT(whole.output, ContainsSubstring("12 done, 0 failed"));

  std::vector<pid_t> workers;
  for (int i = 0; i < 3; ++i) workers.push_back(start_worker(file, three, folder / "workers.log"));
  std::minstd_rand random(7);
  for (int victim = 0; victim < 2; ++victim) {
    pid_t run = 0;
    while ((run = run_of_worker(three, workers[victim])) == 0) sleep_ms(2);
    mao_test::kill_and_wait(workers[victim]);
    while (!mao::detail::is_gone(run)) sleep_ms(1);  // no run outlives its worker
    sleep_ms(static_cast<int>(random() % 500));
  }
  const int code = mao_test::wait_for(workers[2]);
  INFO(mao::read_text_file(folder / "workers.log"));
  CHECK(code == 0);
  for (const char* name : {"results.json", "results.csv"}) {
    CAPTURE(name);
    CHECK(mao::read_text_file(three / name) == mao::read_text_file(one / name));
  }
  CHECK(json::parse(mao::read_text_file(three / "results.json")).at("runs").size() == 12);
  for (const auto& entry : fs::directory_iterator(three)) {  // none is left of what the killed ones were writing
    if (entry.is_directory() && entry.path().filename() != "locks") CHECK(files_with(entry.path(), ".tmp-").empty());
  }
  for (const std::string& prompts : files_with(one, ".prompts.safetensors")) {
    CAPTURE(prompts);
    CHECK(mao::read_text_file(prompts) == mao::read_text_file(three / fs::relative(prompts, one)));
  }
}

TEST_CASE("a sweep that is stopped gives its runs back and resumes, one that grew does what is new", "[sweep]") {
  const TemporaryFolder folder;
  const std::string text = on_disk(folder, "data = \"sketch\"\nshots = 2\nepochs = 40\nseeds = [1, 2]\n");
  const fs::path file = sweep_file(folder, text);
  const fs::path out = folder / "sweep";  // beside its file, by its name
  const Run stopped =
      mao_test::shell("(" + quoted(mao_test::build_dir() + "/bin/mao") + " sweep " + quoted(file) +
                      " --workers 2 & pid=$!; while ! ls " + quoted(out) +
                      "/*/run.lock.1; do sleep 0.02; done >/dev/null 2>&1; kill -TERM $pid; wait $pid)");
  INFO(stopped.output);
  CHECK(stopped.code == 130);
  CHECK_THAT(stopped.output, ContainsSubstring("the same command runs the remaining ones"));
  for (const auto& entry : fs::directory_iterator(out / "locks")) {
    CHECK(mao::detail::read_lease_file(entry.path(), 1, true)->released);
  }
  const Run status = mao_program("sweep " + quoted(file) + " --status");
  CHECK_THAT(status.output, ContainsSubstring("0 running"));
  REQUIRE(mao_program("sweep " + quoted(file) + " --workers 2").code == 0);

  const std::string first = mao::read_text_file(out / "sketch_seed1" / "worker.log");
  sweep_file(folder, text + "[a]\n[b]\nmethod = 'zero-shot'\n");
  CHECK(mao_program("sweep " + quoted(file) + " --list").output.find("4 runs") != std::string::npos);
  sweep_file(folder, text.substr(0, text.find("seeds")) + "seeds = [1, 2, 3]\n");
  const Run grown = mao_program("sweep " + quoted(file));
  INFO(grown.output);
  CHECK(grown.code == 0);
  CHECK_THAT(grown.output, ContainsSubstring("3 runs, 2 done") && ContainsSubstring("3 done"));
  CHECK(mao::read_text_file(out / "sketch_seed1" / "worker.log") == first);
}

TEST_CASE("the examples are sweeps, of as many runs as they say", "[sweep]") {
  const TemporaryFolder folder;
  const auto listed = [&](const std::string& name) {
    return mao_program("sweep " + quoted(fs::path(mao_test::source_dir() + "/examples/sweeps") / name) +
                       " --list --out " + quoted(folder / "out"))
        .output;
  };
  CHECK_THAT(listed("first.toml"), ContainsSubstring("\n12 runs"));
  CHECK_THAT(listed("table1.toml"), ContainsSubstring("\n198 runs"));
  CHECK_THAT(listed("curves.toml"), ContainsSubstring("\n94 runs"));
  CHECK_FALSE(fs::exists(folder / "out"));
}

TEST_CASE("what cannot be run is refused before anything is written, what fails keeps its error", "[sweep]") {
  const TemporaryFolder folder;
  const fs::path file = folder / "bad.toml", out = folder / "bad";
  const auto refused = [&](const std::string& text) {
    folder.write("bad.toml", "data = 'sketch'\n" + text);
    const Run run = mao_program("sweep " + quoted(file));
    CAPTURE(text, run.output);
    CHECK(run.code == 1);
    CHECK_FALSE(fs::exists(out));
    return run.output;
  };
  CHECK_THAT(refused("shotz = 3\n"), ContainsSubstring("bad.toml:2: run ") && ContainsSubstring("seed1") &&
                                         ContainsSubstring("no option shotz (did you mean shots?)"));
  CHECK_THAT(refused("shotz = false\n"), ContainsSubstring("no option --shotz"));
  CHECK_THAT(refused("shots = [1, false]\n"), ContainsSubstring("--shots: expected a value, got false"));
  CHECK_THAT(refused("shots = [1, 'many']\n"), ContainsSubstring("run sketch_shots-many_seed1"));
  CHECK_THAT(refused("epochs = 2\nmethod = 'copo'\n"), ContainsSubstring("bad.toml:3: ") && ContainsSubstring("copo"));
  CHECK_THAT(refused("method = 'coop'\nset.weight = 3\n"), ContainsSubstring("weight"));
  CHECK_THAT(
      refused("[kgcoop]\nlr = 0.1\n"),
      ContainsSubstring("run kgcoop_") && ContainsSubstring("the run's method is coop; add method = \"kgcoop\""));
  CHECK_THAT(refused("method = 'kgcoop'\n[coop]\n"), ContainsSubstring("[coop] has the name of the method coop"));
  CHECK_THAT(refused("['coop+mao']\n"), ContainsSubstring("add mao = true"));
  CHECK_THAT(refused("epochs = 0x10\n"), ContainsSubstring("--epochs: expected a whole number, in decimal digits"));
  CHECK_THAT(refused("preset = 'mao/none'\n"), ContainsSubstring("mao/none"));
  CHECK_THAT(refused("seeds = 'one'\n"), ContainsSubstring("seeds"));
  CHECK_THAT(refused("data sketch\n"), ContainsSubstring("bad.toml:2: ") && ContainsSubstring("expected"));
  for (const std::string name : {"single/config.json", "photos/cat/1.png"}) {
    folder.write(name, "{}");
    const fs::path taken = folder / name.substr(0, name.find('/'));
    const Run other = mao_program("sweep " + quoted(mao_test::source_dir() + "/examples/sweeps/first.toml") +
                                  " --out " + quoted(taken));
    CHECK(other.code == 1);
    CHECK_THAT(other.output, ContainsSubstring(taken.string() + " holds ") && ContainsSubstring(" --out"));
    CHECK_FALSE(fs::exists(taken / "sweep.json"));
  }
  const Run no_file = mao_program("sweep /no/such/file.toml");
  CHECK(no_file.code == 1);
  CHECK_THAT(no_file.output, ContainsSubstring("/no/such/file.toml: no such file; expected a TOML file"));
  CHECK_THAT(mao_program("sweep " + quoted(folder / "bad")).output,
             ContainsSubstring("bad: no such file; did you mean " + (folder / "bad.toml").string() + "?"));
  CHECK_THAT(mao_program("sweep " + quoted(folder / "photos")).output,
             ContainsSubstring("photos is a folder; expected a TOML file that lists the settings of the runs"));
  for (const auto& [option, message] : {std::pair("--task 99", "--task 99: the sweep has 12 runs"),
                                        std::pair("--devices cpu,99", "device cuda:99: ")}) {
    const fs::path out = folder / "none";
    const Run none = mao_program("sweep " + quoted(mao_test::source_dir() + "/examples/sweeps/first.toml") + " " +
                                 option + " --out " + quoted(out));
    CHECK(none.code == 1);
    CHECK_THAT(none.output, ContainsSubstring(message));
    CHECK_FALSE(fs::exists(out));
  }
  const std::string one_run = quoted(folder.write("one.toml", "data = 'sketch'\nmethod = 'zero-shot'\nseeds = 1\n"));
  CHECK_THAT(mao_program("sweep " + one_run + " --list").output, ContainsSubstring("\n1 run\n"));
  CHECK_THAT(mao_program("sweep " + one_run + " --out " + quoted(file)).output,
             ContainsSubstring("--out " + fs::path(file).string() + " is a file; expected a folder"));
  CHECK_THAT(mao_program("sweep " + quoted(file) + " --devices gpu0").output, ContainsSubstring("0,1,2"));
  CHECK_THAT(mao_program("sweep " + quoted(file) + " --status").output, ContainsSubstring("no sweep has been started"));

  folder.write("bad.toml", "data = ['/no/such/data', 'sketch']\nseeds = 1\nmethod = 'zero-shot'\n");
  const Run failed = mao_program("sweep " + quoted(file) + " --retry 1");
  INFO(failed.output);
  CHECK(failed.code == 1);
  CHECK_THAT(failed.output, ContainsSubstring("try 2 of 2") && ContainsSubstring("1 done, 1 failed"));
  const json error = json::parse(mao::read_text_file(out / "data_zero-shot_seed1" / "sweep-error.json"));
  CHECK(error.at("failures") == 2);
  CHECK_THAT(error.at("error").get<std::string>(), ContainsSubstring("/no/such/data"));
  CHECK(json::parse(mao::read_text_file(out / "results.json")).at("runs")[0].at("status") == "failed");
  CHECK_THAT(mao_program("sweep " + quoted(file) + " --print-slurm --devices 0").output,
             ContainsSubstring("#SBATCH --array=1-2") && ContainsSubstring("--worker --no-wait --devices 0"));
}

TEST_CASE("a script for Slurm keeps every name whole", "[sweep]") {
  const TemporaryFolder folder;
  const fs::path file = folder.write("sweep.toml", "data = 'sketch'\nmethod = 'zero-shot'\n");
  const fs::path out = folder / "a \"b\" #c 100%";
  const std::string script = mao_program("sweep " + quoted(file) + " --out " + quoted(out) + " --print-slurm").output;
  CHECK_THAT(script, ContainsSubstring("#SBATCH --job-name=\"a \\\"b\\\" #c 100%\"\n") &&
                         ContainsSubstring("/a \\\"b\\\" #c 100%%/slurm-%A_%a.log\"\n") &&
                         ContainsSubstring("#SBATCH --open-mode=append\n") && ContainsSubstring("#SBATCH --requeue\n"));
  const Run refused = mao_program("sweep " + quoted(file) + " --out " + quoted(folder / "a\\b") + " --print-slurm");
  CHECK(refused.code == 1);
  CHECK_THAT(refused.output, ContainsSubstring("backslash"));
}

TEST_CASE("a scheduler does a sweep one task at a time", "[sweep]") {
  const TemporaryFolder folder;
  const std::string text = on_disk(folder, "data = \"sketch\"\nshots = 2\nepochs = 2\nseeds = [1, 2]\n");
  const fs::path file = sweep_file(folder, text), one = folder / "one", tasks = folder / "tasks";
  REQUIRE(mao_program("sweep " + quoted(file) + " --out " + quoted(one)).code == 0);
  const auto task = [&](const std::string& number) {
    return mao_program("sweep " + quoted(file) + " --out " + quoted(tasks) + " --task " + number);
  };
  const Run beyond = task("3");
  CHECK(beyond.code == 1);
  CHECK_THAT(beyond.output, ContainsSubstring("--task 3: the sweep has 2 runs"));
  CHECK(task("2").code == 0);
  CHECK_FALSE(fs::exists(tasks / "results.json"));
  CHECK(task("2").code == 0);  // done before
  CHECK(task("1").code == 0);
  CHECK(mao::read_text_file(tasks / "results.json") == mao::read_text_file(one / "results.json"));
}
