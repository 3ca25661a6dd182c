// SPDX-License-Identifier: Apache-2.0
// A program of your own with a model, a sampler and a loss: every command knows them, and names that clash are refused.
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <support/catch.hpp>
#include <support/program.hpp>
#include <support/sketch.hpp>
#include <support/temporary_folder.hpp>

#include <nlohmann/json.hpp>

#include <mao/io/text_file.hpp>

using namespace mao_test;

namespace {

Run example(const std::string& words) {
  return shell(quoted(std::filesystem::path(build_dir() + "/bin/examples/08_own_policies_in_mao")) + " " + words);
}

std::string printed(const std::string& words) {
  const Run run = example(words);
  CAPTURE(words, run.output);
  CHECK(run.code == 0);
  return run.output;
}

nlohmann::json json_in(const std::filesystem::path& file) { return nlohmann::json::parse(mao::read_text_file(file)); }

Run own_program(const std::string& which, const std::string& words) {
  return shell(quoted(std::filesystem::path(build_dir() + "/tests/own-program")) + " " + which + " " + words);
}

std::string brief() { return " --data " + quoted(few_pictures()) + " --shots 2 --epochs 2 --seeds 1 "; }
std::string own() { return brief() + "--model mirrored --sampler balanced --regularizer smooth "; }

}  // namespace

TEST_CASE("a program's own model, sampler and loss are known in every command", "[additions]") {
  const TemporaryFolder folder;
  const std::string out = quoted(folder / "run");
  CHECK_THAT(printed("tune --help"), ContainsSubstring("mirrored") && ContainsSubstring("--sampler") &&
                                         ContainsSubstring("balanced") && ContainsSubstring("smooth"));
  CHECK_THAT(printed("tune" + own() + "--out " + out), ContainsSubstring("mirrored, a model of this program"));
  const auto config = json_in(folder / "run/config.json");
  CHECK(config.at("model").at("model") == "mirrored");
  CHECK(config.at("method").at("sampler") == "balanced");
  CHECK(config.at("method").at("regularizer") == "smooth");
  CHECK_THAT(printed("tune" + own() + "--out " + out), ContainsSubstring("this run is finished"));
  const std::string prompts = quoted(folder / "run/seed1/plain.prompts.safetensors");
  printed("eval " + prompts);
  printed("export " + quoted(folder / "heads.safetensors") + " --prompts " + prompts);
  printed("report " + out + " --out " + quoted(folder / "page.html"));
  printed("plan --data sketch --mao --model mirrored --sampler balanced --regularizer smooth --steps-measured 1");
  printed("base2new --datasets sketch --shots 2 --epochs 1 --seeds 1 --model mirrored --sampler balanced --out " +
          quoted(folder / "protocol"));
  const std::string sweep = quoted(folder.write("s.toml",
                                                "data = \"sketch\"\nshots = 2\nepochs = 1\nseeds = [1]\n"
                                                "sampler = [\"auto\", \"balanced\"]\n"));
  printed("sweep " + sweep + " --out " + quoted(folder / "sweep"));
}

TEST_CASE("a program's own policies train MAO's stages, and resume as they are", "[additions]") {
  const TemporaryFolder folder;
  const auto tune = [&](const std::string& words, const std::string& name) {
    return example("tune" + brief() + "--mao --new-epochs 2 " + words + " --out " + quoted(folder / name));
  };
  const Run whole = tune("--sampler balanced --regularizer smooth", "whole");
  CAPTURE(whole.output);
  REQUIRE(whole.code == 0);
  CHECK_FALSE(std::filesystem::exists(folder / "whole/seed1/batches.json"));  // nothing is mined
  const Run usual = tune("", "usual");
  REQUIRE(usual.code == 0);
  CHECK(json_in(folder / "whole/results.json") != json_in(folder / "usual/results.json"));
  CHECK_FALSE(json_in(folder / "usual/config.json").at("method").contains("sampler"));
  // A checkpoint of one loss is not taken up by another.
  std::filesystem::copy(folder / "whole", folder / "other", std::filesystem::copy_options::recursive);
  const Run other = tune("--sampler balanced", "other");
  CHECK(other.code != 0);
  CHECK_THAT(other.output, ContainsSubstring("regularizer"));
}

TEST_CASE("mao's own policies by other names give the run that mao gives", "[additions]") {
  const TemporaryFolder folder;
  const Run usual = example("tune" + brief() + "--out " + quoted(folder / "usual"));
  const Run named =
      own_program("usual", "tune" + brief() + "--sampler usual --regularizer ce --out " + quoted(folder / "named"));
  CAPTURE(usual.output, named.output);
  REQUIRE(usual.code == 0);
  REQUIRE(named.code == 0);
  CHECK(json_in(folder / "usual/results.json").at("per_seed").at(0).at("paper") ==
        json_in(folder / "named/results.json").at("per_seed").at(0).at("paper"));
}

TEST_CASE("options that a program's own policies leave without effect are refused", "[additions]") {
  const TemporaryFolder folder;
  const std::string tune = "tune --data sketch --out " + quoted(folder / "run") + " ";
  const std::vector<std::pair<std::string, std::string>> idle{
      {"--mao --sampler balanced --similarity clip", "--similarity would be ignored: --sampler balanced draws"},
      {"--mao --regularizer smooth --columns per-image", "--columns would be ignored: --regularizer smooth says"},
      {"--method zero-shot --sampler balanced", "--sampler would be ignored: --method zero-shot trains nothing"},
      {"--method dpc --set host=x --sampler balanced", "--sampler would be ignored: dpc chooses"},
      {"--method dpc --set host=x --regularizer smooth", "--regularizer would be ignored: dpc brings its loss"},
      {"--model mirrored --activation gelu", "--activation would be ignored: mirrored is a model of this program"},
      {"--model mirrored --weights x", "--weights has no effect on --model mirrored"},
      {"--model mirrored --precision bf16", "--precision has no effect on --model mirrored"},
      {"--model mirrored --device cuda", "--device has no effect on --model mirrored"},
      {"--model mirored",
       "no such file; expected embedded, embedded-siglip, mobilenet-minilm, or the path of a CLIP or SigLIP "
       "checkpoint, or mirrored"},
      {"--sampler balance", "--sampler balance: no such value (did you mean balanced?); expected auto or balanced"}};
  for (const auto& [options, words] : idle) {
    const Run run = example(tune + options);
    CAPTURE(options);
    CHECK(run.code != 0);
    CHECK_THAT(run.output, ContainsSubstring(words));
  }
  CHECK_FALSE(std::filesystem::exists(folder / "run"));
}

TEST_CASE("what another program added is not known here, and nothing takes its place", "[additions]") {
  const TemporaryFolder folder;
  const std::string out = quoted(folder / "run");
  printed("tune" + own() + "--out " + out);
  const std::string prompts = quoted(folder / "run/seed1/plain.prompts.safetensors");
  const Run model = mao_program("eval " + prompts);
  CHECK(model.code != 0);
  CHECK_THAT(model.output, ContainsSubstring("--model mirrored: no such file"));
  const Run option = mao_program("tune --data sketch --sampler balanced --out " + out + "2");
  CHECK(option.code != 0);
  CHECK_THAT(option.output, ContainsSubstring("has no option --sampler"));
}

TEST_CASE("names that clash, and functions that fail, are sentences", "[additions]") {
  const std::vector<std::pair<std::string, std::string>> clashes{
      {"method", "--method 'coop'"},    {"untuned", "--method 'zero-shot'"},   {"labeler", "--labeler 'tuned'"},
      {"sampler", "--sampler 'auto'"},  {"regularizer", "--regularizer 'ce'"}, {"model", "--model 'embedded'"},
      {"path", "--model 'models/toy'"}, {"nameless", "--sampler ''"},          {"siglip", "--model 'embedded-siglip'"}};
  for (const auto& [which, name] : clashes) {
    const Run run = own_program(which, "methods");
    CAPTURE(which);
    CHECK(run.code == 1);
    CHECK_THAT(run.output, ContainsSubstring("this program adds " + name));
  }
  const TemporaryFolder folder;
  const Run broken = own_program("broken", "tune" + brief() + "--sampler broken --out " + quoted(folder / "run"));
  CHECK(broken.code == 1);
  CHECK_THAT(broken.output,
             ContainsSubstring("--sampler broken: the function that makes it failed: no file of weights"));
}
