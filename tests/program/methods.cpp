// SPDX-License-Identifier: Apache-2.0
// `mao tune --method`, `--set`, `--preset`, `mao methods` and `mao presets`, as a user runs them.
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <nlohmann/json.hpp>

#include <mao/io/files.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/tuner/reference_checkpoint.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/program.hpp>
#include <support/siglip_weights.hpp>
#include <support/sketch.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using namespace mao_test;
using nlohmann::json;

/// The first word of each line.
std::vector<std::string> names(const std::string& command) {
  const Run run = mao_program(command);
  REQUIRE(run.code == 0);
  std::istringstream lines(run.output);
  std::vector<std::string> found;
  for (std::string line; std::getline(lines, line);) found.push_back(line.substr(0, line.find(' ')));
  return found;
}

std::string quick_run(const fs::path& out, const std::string& more) {
  const std::string new_stage = more.find("--mao") == std::string::npos ? "" : "--new-epochs 1 ";
  return "tune --data " + quoted(few_pictures()) +
         " --feature-cache off --shots 1 --epochs 1 --seeds 1 --quiet --out " + quoted(out) + " " + new_stage + more;
}

}  // namespace

TEST_CASE("every method that is listed trains, plain or with MAO, and its prompts can be tested again", "[methods]") {
  const TemporaryFolder temporary;
  const auto listed = names("methods");
  REQUIRE(listed.size() >= 16);
  for (const std::string& name : listed) {
    CAPTURE(name);
    if (name == "zero-shot" || name == "dpc") continue;  // trains nothing; needs a tuned host
    const fs::path out = temporary.path() / name;
    const bool with_mao = name != "promptkd";
    const Run run = mao_program(quick_run(out, "--method " + name + (with_mao ? " --mao" : "")));
    INFO(run.output);
    REQUIRE(run.code == 0);
    const json results = json::parse(mao::read_text_file(out / "results.json"));
    const fs::path prompts = out / "seed1" / (with_mao ? "new.prompts.safetensors" : "plain.prompts.safetensors");
    const Run again = mao_program("eval " + quoted(prompts) + " --data " + quoted(few_pictures()) +
                                  " --feature-cache off --half new --json");
    INFO(again.output);
    REQUIRE(again.code == 0);
    CHECK(json::parse(again.output).at("accuracy").get<double>() ==
          Approx(results.at("paper").at("new").get<double>()).margin(0.5));
  }
}

TEST_CASE("DPC goes on from a tuned method", "[methods]") {
  const TemporaryFolder temporary;
  const fs::path host = temporary.path() / "host", out = temporary.path() / "dpc";
  CHECK_THAT(mao_program(quick_run(out, "--method dpc")).output, ContainsSubstring("host="));
  CHECK_THAT(mao_program(quick_run(out, "--method dpc --mao")).output,
             ContainsSubstring("tune its host with MAO instead"));
  REQUIRE(mao_program(quick_run(host, "--method coop")).code == 0);
  const std::string file = (host / "seed{seed}" / "plain.prompts.safetensors").string();
  const Run run = mao_program(quick_run(out, "--method dpc --set 'host=" + file + "'"));
  INFO(run.output);
  CHECK(run.code == 0);
}

TEST_CASE("an option that a method does not have is an error that lists those it has", "[methods]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "run";
  const auto output = [&](const std::string& more) { return mao_program(quick_run(out, more)).output; };
  CHECK_THAT(output("--method kgcoop --set depth=3"),
             ContainsSubstring("kgcoop has no option depth") && ContainsSubstring("weight"));
  CHECK_THAT(output("--method maple --class-specific"), ContainsSubstring("maple has no option class-specific"));
  CHECK_THAT(output("--method kgcoop --set weight=much"), ContainsSubstring("weight=much: expected a number"));
  CHECK_THAT(output("--method coop --set weight"), ContainsSubstring("expected NAME=VALUE"));
  CHECK_THAT(output("--method coopp"), ContainsSubstring("no such method (did you mean coop?); expected zero-shot or"));
  CHECK_THAT(output("--method promptkd --mao"), ContainsSubstring("train it plain"));
  CHECK_THAT(output("--method maple --set depth=9"), ContainsSubstring("9") && ContainsSubstring("blocks"));
  CHECK_THAT(output("--steps new"), ContainsSubstring("without --mao"));
  CHECK_FALSE(fs::exists(out));
}

TEST_CASE("every preset names settings that its method has", "[methods]") {
  const auto listed = names("presets");
  REQUIRE(listed.size() >= 20);
  for (const std::string& name : listed) {
    CAPTURE(name);
    const Run run = mao_program("tune --preset " + name + " --data /no/such/place");
    CHECK(run.code == 1);
    CHECK_THAT(run.output, ContainsSubstring("/no/such/place"));
    CHECK_THAT(mao_program("presets " + name).output, ContainsSubstring("--method"));
  }
  CHECK_THAT(mao_program("tune --data sketch --preset nothing").output, ContainsSubstring("no such preset"));
}

TEST_CASE("the command line wins over a preset", "[methods]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path() / "run";
  const Run run = mao_program(quick_run(out, "--preset kgcoop/paper --set weight=3"));
  INFO(run.output);
  REQUIRE(run.code == 0);
  const json method = json::parse(mao::read_text_file(out / "config.json")).at("method");
  CHECK(method.at("name") == "kgcoop");
  CHECK(method.at("batch") == 128);
  CHECK(method.at("epochs") == 1);
  CHECK(method.at("options").at("weight") == "3");
}

TEST_CASE("a context for each class is converted under the names that the checkpoint has", "[methods]") {
  const TemporaryFolder temporary;
  const fs::path model = fs::path(mao_test::source_dir()) / "tools/embedded/model",
                 file = temporary / "model.pth.tar-5";
  const auto clip = mao::Clip::load(model, {.vocabulary = model / "merges.txt", .activation = {}});
  const std::vector<std::string> classes{"red square.", "blue circle.", "green star."};
  std::vector<mao::Tensor> suffixes;
  for (const std::string& name : classes) {
    const mao::Tensor words = clip.embed(at::tensor(clip.tokenize(name)));
    mao::Tensor suffix = at::zeros({12, words.size(-1)});
    suffix.narrow(0, 0, words.size(0)).copy_(words);
    suffixes.push_back(suffix);
  }
  const std::int64_t width = suffixes.front().size(-1);
  mao::save_reference_checkpoint(file, {.state = {{"ctx", at::zeros({3, 4, width})},
                                                  {"token_prefix", at::zeros({3, 1, width})},
                                                  {"token_suffix", at::stack(suffixes).to(at::kHalf)}},
                                        .epoch = 5});
  const std::string convert = "convert " + quoted(file) + " " + quoted(temporary / "p.safetensors") +
                              " --method coop --set class-specific=true --set init= --set context=4 --classes ";
  const Run swapped = mao_program(convert + "red_square 'green star' 'blue circle'");
  CHECK(swapped.code == 1);
  CHECK_THAT(swapped.output, ContainsSubstring("in its token_suffix class 1 is not 'green star'"));
  const Run right = mao_program(convert + "red_square 'blue circle' 'green star'");
  INFO(right.output);
  CHECK(right.code == 0);
}

TEST_CASE("prompts go to a reference's checkpoint and back", "[methods]") {
  const TemporaryFolder temporary;
  const fs::path run_folder = temporary.path() / "run", names_file = temporary.path() / "names.txt";
  REQUIRE(mao_program(quick_run(run_folder, "--method kgcoop")).code == 0);
  const fs::path prompts = run_folder / "seed1" / "plain.prompts.safetensors",
                 back = temporary.path() / "back.safetensors";
  const Run out =
      mao_program("convert " + quoted(prompts) + " " + quoted(temporary.path() / "reference") + " --epoch 7");
  INFO(out.output);
  REQUIRE(out.code == 0);
  const fs::path file = temporary.path() / "reference" / "prompt_learner" / "model.pth.tar-7";
  REQUIRE(fs::exists(file));
  const auto saved = mao::read_safetensors(prompts);
  std::ofstream names(names_file);
  for (const auto& name : json::parse(saved.metadata.at("classes"))) names << name.get<std::string>() << "\n";
  names.close();
  const std::string import = "convert " + quoted(file) + " " + quoted(back) + " --method kgcoop ";
  CHECK_THAT(mao_program(import).output, ContainsSubstring("--classes-file"));
  const Run in = mao_program(import + "--classes-file " + quoted(names_file));
  INFO(in.output);
  REQUIRE(in.code == 0);
  const auto again = mao::read_safetensors(back);
  CHECK(again.metadata.at("classes") == saved.metadata.at("classes"));
  CHECK(again.tensors.at("prompt_learner.ctx").equal(saved.tensors.at("prompt_learner.ctx")));
  CHECK_THAT(mao_program(import + "--epoch 3 --classes-file " + quoted(names_file)).output,
             ContainsSubstring("--epoch would be ignored"));
  CHECK_THAT(
      mao_program("convert " + quoted(prompts) + " " + quoted(temporary.path() / "other") + " --classes a b").output,
      ContainsSubstring("--classes would be ignored"));
  CHECK_THAT(mao_program("convert " + quoted(file) + " here --method kgcoop --classes a b").output,
             ContainsSubstring("expected the name of a *.safetensors file"));
  // The reference's own files hold the start token once for each class.
  auto checkpoint = mao::load_reference_checkpoint(file);
  const auto& context = checkpoint.state.at("ctx");
  checkpoint.state["token_prefix"] = at::zeros({3, 1, context.size(-1)});
  const fs::path theirs = temporary.path() / "model.pth.tar-9";
  mao::save_reference_checkpoint(theirs, checkpoint);
  for (const std::string given : {"a b", "a b c d"}) {
    CHECK_THAT(
        mao_program("convert " + quoted(theirs) + " " + quoted(back) + " --method kgcoop --classes " + given).output,
        ContainsSubstring("which was trained on 3"));
  }
  CHECK(mao_program("convert " + quoted(theirs) + " " + quoted(back) + " --method kgcoop --classes a b c").code == 0);
  CHECK_THAT(mao_program("convert " + quoted(file) + " " + quoted(back) + " --method promptsrc --classes-file " +
                         quoted(names_file))
                 .output,
             ContainsSubstring("VPT"));
}

TEST_CASE("SigLIP's loss trains a SigLIP, with the bias of the model, and a model without one is refused",
          "[methods]") {
  const TemporaryFolder temporary, model;
  const Run refused = mao_program(quick_run(temporary / "clip", "--regularizer sigmoid"));
  CHECK(refused.code != 0);
  CHECK_THAT(refused.output, ContainsSubstring("--regularizer sigmoid: this model has no logit bias"));
  mao::ClipArchitecture sizes = mao_test::small_siglip();
  sizes.context = 48;  // a token for each letter of a prompt
  mao_test::write_siglip(model, mao_test::random_siglip_weights(sizes), mao_test::siglip_config(sizes));
  const std::string own = "--model " + quoted(model.path()) + " --context-init '' --context 2 ";
  const auto learned = [&](const std::string& name, const std::string& more, const char* stage = "plain") {
    const Run run = mao_program(quick_run(temporary / name, own + more));
    INFO(run.output);
    REQUIRE(run.code == 0);
    const auto files =
        mao::read_safetensors(temporary / name / "seed1" / (std::string(stage) + ".prompts.safetensors")).tensors;
    return files.at("prompt_learner.ctx").clone();
  };
  const mao::Tensor usual = learned("usual", ""), sigmoid = learned("sigmoid", "--regularizer sigmoid");
  CHECK_FALSE(usual.equal(sigmoid));
  static_cast<void>(learned("both", "--mao --regularizer sigmoid", "new"));
  const json config = json::parse(mao::read_text_file(temporary / "sigmoid" / "config.json"));
  CHECK(config.at("method").at("regularizer") == "sigmoid");
}
