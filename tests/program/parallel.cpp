// SPDX-License-Identifier: Apache-2.0
// `mao tune` in two processes on loopback, with the variables that torchrun sets set by hand.
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/io/files.hpp>
#include <mao/io/safetensors.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/free_port.hpp>
#include <support/processes.hpp>
#include <support/program.hpp>
#include <support/sketch.hpp>
#include <support/temporary_folder.hpp>
#include <support/tensors.hpp>

namespace {

namespace fs = std::filesystem;
using namespace mao_test;
using nlohmann::json;

std::string short_run(const fs::path& out, const std::string& more) {
  const std::string epochs = more.find("--epochs") == std::string::npos ? "--epochs 2 " : "";
  return "tune --data " + quoted(few_pictures()) + " --shots 2 --seeds 1 --feature-cache off --quiet --out " +
         quoted(out) + " " + epochs + more;
}

// The same command in two processes; the first one's exit status and what both said.
Run in_two(const std::string& arguments) {
  const std::string program = quoted(mao_test::build_dir() + "/bin/mao") + " " + arguments;
  const std::string both = "export OMP_NUM_THREADS=1 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=" +
                           std::to_string(mao_test::free_port());
  return mao_test::shell("(" + both + "; RANK=1 " + program + " & RANK=0 " + program + "; code=$?; wait; exit $code)");
}

// The command in two processes that a launcher starts; empty where it is not installed.
std::string by_mpirun() {
  if (mao_test::shell("mpirun --version").code != 0) return {};
  return "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1 mpirun --oversubscribe "
         "--mca plm_rsh_agent /bin/false -np 2 ";
}

std::string by_torchrun() {
  const char* given = std::getenv("MAO_TORCH_PYTHON");
  const std::string python = given != nullptr ? given : mao_test::source_dir() + "/.venv/bin/python";
  const std::string torchrun = quoted(python) + " -m torch.distributed.run";
  if (mao_test::shell(torchrun + " --help").code != 0) return {};
  return torchrun + " --no-python --nproc_per_node 2 --master_port " + std::to_string(mao_test::free_port()) + " ";
}

// Whether the program can: CMake tells this file.
constexpr bool built_with_c10d =
#ifdef MAO_HAS_C10D
    true;
#else
    false;
#endif

std::vector<json> lines_of(const fs::path& file) {
  std::vector<json> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  return lines;
}

void check_same_run(const fs::path& alone, const fs::path& together) {
  const auto expected = lines_of(alone / "metrics.jsonl"), found = lines_of(together / "metrics.jsonl");
  REQUIRE(found.size() == expected.size());  // the second process writes none
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(found[i].at("stage") == expected[i].at("stage"));
    CHECK(found[i].at("loss").get<double>() == Approx(expected[i].at("loss").get<double>()).epsilon(1e-4));
    CHECK(found[i].at("accuracy").get<double>() == Approx(expected[i].at("accuracy").get<double>()).margin(1e-6));
  }
  int files = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(alone / "seed1")) {
    const fs::path file = entry.path().filename();
    if (file.string().find(".prompts.safetensors") == std::string::npos) continue;
    ++files;
    for (const auto& [name, tensor] : mao::read_safetensors(entry.path()).tensors) {
      CAPTURE(file, name);
      const auto learned = mao::read_safetensors(together / "seed1" / file).tensors.at(name);
      CHECK(mao::testing::relative_difference(learned, tensor) < 1e-5);
    }
  }
  CHECK(files > 0);
  const json one = json::parse(mao::read_text_file(alone / "results.json")).at("paper");
  const json two = json::parse(mao::read_text_file(together / "results.json")).at("paper");
  for (const char* half : {"base", "new"}) {
    CHECK(two.at(half).get<double>() == Approx(one.at(half).get<double>()).margin(0.5));
  }
}

}  // namespace

TEST_CASE("two processes end where one ends, both steps of MAO and a method that combines gradients", "[parallel]") {
  MAO_SKIP_UNLESS(built_with_c10d, "the program was built without c10d (libgloo-dev is not installed)");
  const TemporaryFolder temporary;
  for (const std::string method : {"coop", "prograd"}) {
    const std::string options = "--method " + method + (method == "coop" ? " --mao --new-epochs 2" : "");
    const fs::path alone = temporary / (method + "-alone"), together = temporary / (method + "-together");
    const Run one = mao_program(short_run(alone, options)), two = in_two(short_run(together, options));
    INFO(one.output << two.output);
    REQUIRE(one.code == 0);
    REQUIRE(two.code == 0);
    check_same_run(alone, together);
    if (method != "coop") continue;
    // Two processes go on from checkpoints.
    for (const char* file : {"results.json", "seed1/result.json"}) fs::remove(together / file);
    const Run resumed = in_two(short_run(together, options));
    INFO(resumed.output);
    CHECK(resumed.code == 0);
    check_same_run(alone, together);
  }
}

TEST_CASE("two processes of mpirun or torchrun end where one ends", "[parallel][launchers]") {
  MAO_SKIP_UNLESS(built_with_c10d, "the program was built without c10d (libgloo-dev is not installed)");
  const TemporaryFolder temporary;
  const fs::path alone = temporary / "alone";
  REQUIRE(mao_program(short_run(alone, "--method coop")).code == 0);
  int launchers = 0;
  for (const auto& [name, launcher] : {std::pair("mpirun", by_mpirun()), std::pair("torchrun", by_torchrun())}) {
    if (launcher.empty()) {
      WARN(name << " is not installed (scripts/check-launchers does)");
      continue;
    }
    ++launchers;
    const fs::path together = temporary / name;
    const Run run = mao_test::shell(launcher + quoted(mao_test::build_dir() + "/bin/mao") + " " +
                                    short_run(together, "--method coop"));
    CAPTURE(name);
    INFO(run.output);
    REQUIRE(run.code == 0);
    check_same_run(alone, together);
    CHECK(json::parse(mao::read_text_file(together / "config.json")) ==
          json::parse(mao::read_text_file(alone / "config.json")));
  }
  MAO_SKIP_UNLESS(launchers > 0, "neither mpirun nor torchrun is installed");
}

TEST_CASE("a process that hangs is named, and keeps the other one from nothing", "[parallel]") {
  MAO_SKIP_UNLESS(built_with_c10d, "the program was built without c10d (libgloo-dev is not installed)");
  const TemporaryFolder temporary;
  // The second process stands still as soon as an epoch is on disk; `then` is done to the first.
  const auto first_beside_hanging = [&](const std::string& name, const std::string& timeout, const std::string& then) {
    const fs::path out = temporary / name;
    const std::string program =
        quoted(mao_test::build_dir() + "/bin/mao") + " " + short_run(out, "--epochs 5000 --rank-timeout " + timeout);
    return mao_test::shell("(export OMP_NUM_THREADS=1 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=" +
                           std::to_string(mao_test::free_port()) + "; RANK=1 " + program + " & one=$!; RANK=0 " +
                           program + " & zero=$!; while [ ! -s " + quoted(out / "metrics.jsonl") +
                           " ] && kill -0 $zero; do sleep 0.05; done; kill -STOP $one; " + then +
                           "; wait $zero; code=$?; kill -KILL $one; exit $code)");
  };
  const Run late = first_beside_hanging("late", "3", "true");
  CHECK(late.code == 1);
  CHECK_THAT(late.output, ContainsSubstring("process 0 of 2") && ContainsSubstring("for 3 s (--rank-timeout)") &&
                              ContainsSubstring("process 1, silent for"));
  const Run stopped = first_beside_hanging("stopped", "60", "sleep 1; kill -TERM $zero");
  CHECK(stopped.code == 130);
  CHECK_THAT(stopped.output, ContainsSubstring("stopped while process 0 of 2 waited for process 1, silent for") &&
                                 ContainsSubstring("the same command resumes from the last complete epoch"));
}

TEST_CASE("a signal to one process that encodes stops both in order", "[parallel]") {
  MAO_SKIP_UNLESS(built_with_c10d, "the program was built without c10d (libgloo-dev is not installed)");
  MAO_SKIP_UNLESS(can_preload, "no library can be loaded before the sanitizer's");
  const TemporaryFolder temporary;
  const std::string sketch = rendered_sketch(temporary / "sketch").string();
  for (const std::string signalled : {"0", "1"}) {
    CAPTURE(signalled);
    const fs::path out = temporary / ("out" + signalled), said = temporary / ("said" + signalled),
                   other_said = temporary / ("other" + signalled);
    const std::vector<std::string> words{"tune",    "--data", sketch,      "--shots", "2",
                                         "--seeds", "1",      "--epochs",  "1",       "--feature-cache",
                                         "off",     "--out",  out.string()};
    const auto variables = [port = std::to_string(free_port())](const std::string& rank) {
      return std::vector<std::string>{"OMP_NUM_THREADS=1", "WORLD_SIZE=2", "MASTER_ADDR=127.0.0.1",
                                      "MASTER_PORT=" + port, "RANK=" + rank};
    };
    std::vector<std::string> before = variables(signalled == "0" ? "1" : "0");
    before.insert(before.begin(), "env");
    const pid_t other = start_mao(words, other_said, before);
    // The first opening is for the fingerprint of the data. The other one encodes, or waits for the first step.
    const int code =
        sent(stopped_mao("MAO_STOP_AT_OPEN=2:/test/10/0.png", words, said, variables(signalled)), {SIGTERM});
    const int other_code = wait_for(other);
    INFO(mao::read_text_file(said) << mao::read_text_file(other_said));
    CHECK(code == 130);
    CHECK(other_code == 130);
    const std::string first_said = mao::read_text_file(signalled == "0" ? said : other_said);
    CHECK_THAT(first_said, ContainsSubstring("mao: stopping ...") && ContainsSubstring("the same command "));
    CHECK_THAT(first_said, !ContainsSubstring("lost the other processes"));
    CHECK_FALSE(fs::exists(out / "results.json"));
    for (std::string& word : before)
      word = word.starts_with("MASTER_PORT=") ? "MASTER_PORT=" + std::to_string(free_port()) : word;
    std::vector<std::string> both = before;
    both.back() = "RANK=" + signalled;
    const pid_t again = start_mao(words, said, both);
    CHECK(wait_for(start_mao(words, other_said, before)) == 0);
    CHECK(wait_for(again) == 0);
    CHECK(fs::exists(out / "results.json"));
  }
}

TEST_CASE("what two processes cannot share is one sentence", "[parallel]") {
  MAO_SKIP_UNLESS(built_with_c10d, "the program was built without c10d (libgloo-dev is not installed)");
  const TemporaryFolder temporary;
  const Run run = in_two(short_run(temporary / "run", "--method adapt --set tokens=2"));
  CHECK(run.code != 0);
  CHECK_THAT(run.output, ContainsSubstring("2 processes cannot share a batch"));
  const Run alone =
      mao_test::shell("RANK=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 " + quoted(mao_test::build_dir() + "/bin/mao") + " " +
                      short_run(temporary / "alone", "--method coop --alone"));
  CHECK(alone.code == 0);
}
