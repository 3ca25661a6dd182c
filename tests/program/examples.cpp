// SPDX-License-Identifier: Apache-2.0
// Every numbered example runs and prints what it says.
#include <filesystem>
#include <string>
#include <utility>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/program.hpp>
#include <support/sketch.hpp>
#include <support/temporary_folder.hpp>

using namespace mao_test;

namespace {

std::string printed_by(const std::string& example) {
  const auto run = shell(quoted(std::filesystem::path(mao_test::build_dir() + "/bin/examples") / example));
  CAPTURE(example, run.output);
  CHECK(run.code == 0);
  return run.output;
}

}  // namespace

TEST_CASE("the numbered examples run", "[examples]") {
  CHECK_THAT(printed_by("01_quickstart"), ContainsSubstring("untuned  Base") && ContainsSubstring("CoOp     Base"));
  CHECK_THAT(printed_by("02_base_to_new"), ContainsSubstring("H "));
  CHECK_THAT(printed_by("03_own_sampler"), ContainsSubstring("balanced batches"));
  CHECK_THAT(printed_by("04_own_regularizer"), ContainsSubstring("against neighbours"));
  CHECK_THAT(printed_by("05_own_backbone"), ContainsSubstring("offset + MAO"));
  CHECK_THAT(printed_by("06_another_model"), ContainsSubstring("MAO"));
}

TEST_CASE("the program with a method and a labeller of one's own knows them in every command", "[examples]") {
  const TemporaryFolder folder;
  const std::string out = quoted(folder.path() / "run");
  const auto run = [&](const std::string& words) {
    const auto done =
        shell(quoted(std::filesystem::path(build_dir() + "/bin/examples/07_own_method_in_mao")) + " " + words);
    CAPTURE(words, done.output);
    CHECK(done.code == 0);
    return done.output;
  };
  CHECK_THAT(run("methods"), ContainsSubstring("taskres") && ContainsSubstring("coop"));
  CHECK_THAT(run("methods taskres"), ContainsSubstring("--set share=0.5"));
  CHECK_THAT(run("tune --data " + quoted(few_pictures()) +
                 " --shots 2 --method taskres --set share=1 --epochs 2 --seeds 1 --out " + out),
             ContainsSubstring("taskres"));
  const std::string prompts = quoted(folder.path() / "run/seed1/plain.prompts.safetensors");
  CHECK_THAT(run("report " + out + " --out " + quoted(folder.path() / "page.html")), ContainsSubstring("page.html"));
  run("export " + quoted(folder.path() / "heads.safetensors") + " --prompts " + prompts);
  run("tune --data " + quoted(few_pictures()) +
      " --shots 2 --method coop --mao --labeler sure --epochs 1 --new-epochs 1 --seeds 1 --out " +
      quoted(folder.path() / "mao"));
  const auto wrong = shell(quoted(std::filesystem::path(build_dir() + "/bin/examples/07_own_method_in_mao")) +
                           " tune --data sketch --method taskres --set depth=3 --out " + out + "2");
  CHECK(wrong.code != 0);
  CHECK_THAT(wrong.output, ContainsSubstring("method taskres has no option depth") && ContainsSubstring("share"));
}
