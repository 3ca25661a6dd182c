// SPDX-License-Identifier: Apache-2.0
#include "tune/next_steps.hpp"

#include <filesystem>
#include <sstream>
#include <string>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

#include <nlohmann/json.hpp>

using mao_program::Colours;
using mao_program::print_next_steps;
using nlohmann::json;

namespace {

json results() {
  return {{"zero_shot", {{"base", 90.75}, {"new", 85.25}, {"h", 87.91}}},
          {"paper", {{"base", 91.5}, {"new", 86.33}, {"h", 88.84}}},
          {"per_seed", json::array({{{"seed", 7}}, {{"seed", 8}}})}};
}

std::string steps_text(const std::string& run, const std::string& method, const json& results, bool colours = false) {
  std::ostringstream out;
  print_next_steps(out, run, method, true, results, Colours(colours));
  return out.str();
}

}  // namespace

TEST_CASE("a finished run says what came of it, and the commands that come next", "[next_steps]") {
  const mao_test::TemporaryFolder folder;
  std::filesystem::create_directories(folder / "my run/seed7");
  folder.write("my run/seed7/new.prompts.safetensors", "");
  const std::string run = folder / "my run", text = steps_text(run, "coop", results());
  CHECK_THAT(text, ContainsSubstring("coop + MAO against the untuned model: Base +0.75, New +1.08, H +0.93 points "
                                     "(means of 2 seeds)\n"));
  CHECK_THAT(text, ContainsSubstring("  mao report '" + run + "' --out '" + run + ".html'\n"));
  CHECK_THAT(text, ContainsSubstring("mao predict IMAGE --prompts '" + run + "/seed7/new.prompts.safetensors'\n"));
}

TEST_CASE("a page is named beside the folder of the run, however that is written", "[next_steps]") {
  CHECK(mao_program::word_beside("runs/first//", ".html") == "runs/first.html");
  CHECK(mao_program::word_beside("my run/", ".html") == "'my run.html'");
}

TEST_CASE("a run says among which classes its prompts answer", "[next_steps]") {
  const mao_test::TemporaryFolder folder;
  const auto text_with = [&](const std::string& stage, const json& found) {
    const std::string run = stage + "-run";
    folder.write(run + "/seed7/" + stage + ".prompts.safetensors", "");
    return steps_text(folder / run, "coop", found);
  };
  CHECK_THAT(text_with("new", results()),
             ContainsSubstring("among the new classes\n  mao add ") && ContainsSubstring("new-run --seed 7 --out ") &&
                 ContainsSubstring("new-run.prompts.safetensors\n") &&
                 ContainsSubstring("those of the base classes (base.prompts.safetensors) in one\n"));
  CHECK_THAT(text_with("joined", results()), ContainsSubstring("among all classes, base and new\n"));
  CHECK_THAT(text_with("plain", results()),
             ContainsSubstring("among the base classes; --classes-file FILE names others\n"));
  json no_new = results();
  no_new["paper"]["new"] = nullptr;
  CHECK_THAT(text_with("base", no_new), ContainsSubstring("among the classes of the run\n"));
}

TEST_CASE("a run says only what it measured and what it left behind", "[next_steps]") {
  json no_new = results();
  no_new["zero_shot"]["new"] = no_new["zero_shot"]["h"] = no_new["paper"]["new"] = no_new["paper"]["h"] = nullptr;
  no_new["per_seed"].erase(1);
  CHECK_THAT(steps_text("run", "coop", no_new), ContainsSubstring("model: accuracy +0.75 points (1 seed)\n"));
  const std::string untuned = steps_text("run", "zero-shot", results());
  CHECK_THAT(untuned, ContainsSubstring("mao report run --out run.html\n") && !ContainsSubstring("against"));
  CHECK_THAT(untuned, !ContainsSubstring("predict"));
  CHECK_THAT(steps_text("run", "coop", {{"targets", json::object()}}), !ContainsSubstring("against"));
  CHECK_THAT(steps_text("it's", "zero-shot", results()), ContainsSubstring(R"('it'\''s')"));
}

TEST_CASE("commands are bold where there are colours", "[next_steps]") {
  CHECK_THAT(steps_text("run", "coop", results(), true),
             ContainsSubstring("\x1b[1mmao report run --out run.html\x1b[0m"));
}
