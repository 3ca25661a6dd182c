// SPDX-License-Identifier: Apache-2.0
// What a command says that cannot be written: it never ends as if all had been said.
#include <string>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/program.hpp>
#include <support/temporary_folder.hpp>

namespace {

using namespace mao_test;

const std::string& program() {
  static const std::string program = quoted(mao_test::build_dir() + "/bin/mao");
  return program;
}

}  // namespace

TEST_CASE("a full disk behind the standard output is an error of every command", "[output]") {
  const TemporaryFolder folder;
  folder.write("sweep.toml", "data = 'sketch'\nmethod = 'zero-shot'\n");
  const std::string sweep = quoted(folder / "sweep.toml"), run = quoted(folder / "run");
  for (const std::string& command :
       {std::string("--help"), std::string("--version"), std::string("tune --help"), std::string("methods"),
        std::string("methods coop"), std::string("presets"), std::string("datasets"), "sweep --list " + sweep,
        "sweep --print-slurm " + sweep, "tune --data sketch --method zero-shot --out " + run,
        "tune --data sketch --method zero-shot --out " + run, "report " + run + " --out " + quoted(folder / "r.html"),
        "summarize " + run, "sweep " + sweep, "sweep --status " + sweep}) {
    const Run full = shell("(" + program() + " " + command + " >/dev/full)");
    CAPTURE(command, full.output);
    CHECK(full.code == 1);
    CHECK_THAT(full.output, ContainsSubstring("writing the standard output failed: No space left on device"));
  }
  CHECK(std::filesystem::exists(folder / "run" / "results.json"));  // what was measured is kept all the same
}

TEST_CASE("an output beyond the limit of a file's size is an error, a reader that has enough is none", "[output]") {
  const TemporaryFolder folder;
  const Run large = shell("(ulimit -f 0; " + program() + " methods >" + quoted(folder / "out") + ")");
  CHECK(large.code == 1);
  CHECK_THAT(large.output, ContainsSubstring("writing the standard output failed: File too large"));
  const Run closed = shell(program() + " presets | true; echo ${PIPESTATUS:-none}");
  CHECK_THAT(closed.output, !ContainsSubstring("mao:"));
  const Run ignored = shell("(trap '' PIPE; (sleep 0.2; " + program() + " presets) | true)");
  CHECK(ignored.output.empty());
  CHECK(shell("(" + program() + " methods >&-)").code == 1);
}

TEST_CASE("too little memory is a sentence", "[output]") {
  int sentences = 0, answers = 0;
  for (int mebibytes = 300; mebibytes <= 1500; mebibytes += 60) {
    CAPTURE(mebibytes);
    const Run run = mao_test::shell("(ulimit -v " + std::to_string(1024 * mebibytes) + "; OMP_NUM_THREADS=1 " +
                                    quoted(mao_test::build_dir() + "/bin/mao") + " tune --data sketch --shots 1 " +
                                    "--epochs 1 --seeds 1 --quiet --method zero-shott)");
    // Where not even LibTorch fits, the dynamic loader has words of its own, or LibTorch ends before there is a main.
    const bool started = sentences + answers > 0 || run.output.starts_with("mao: ");
    if (!started) continue;
    INFO(run.output);
    REQUIRE(run.code == 1);
    CHECK_THAT(run.output, !ContainsSubstring("terminate called"));
    if (run.output.find("no such method") != std::string::npos) {
      ++answers;
    } else {
      CHECK_THAT(run.output, ContainsSubstring("mao: there is not enough memory") && ContainsSubstring("ulimit -v"));
      ++sentences;
    }
  }
  CHECK(answers > 0);
  CAPTURE(sentences);
}
