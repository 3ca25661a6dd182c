// SPDX-License-Identifier: Apache-2.0
// The small SigLIP that comes with mao, in the commands that open a model.
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/io/files.hpp>
#include <mao/io/safetensors.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/images.hpp>
#include <support/program.hpp>
#include <support/sketch.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using namespace mao_test;
using nlohmann::json;

json read_json(const fs::path& file) { return json::parse(mao::read_text_file(file)); }

Run right(const std::string& arguments) {
  const Run run = mao_program(arguments);
  INFO(arguments << "\n" << run.output);
  REQUIRE(run.code == 0);
  return run;
}

}  // namespace

TEST_CASE("a run over the embedded SigLIP is resumed, evaluated, predicted with and exported", "[embedded_siglip]") {
  const TemporaryFolder temporary;
  const fs::path out = temporary / "run", prompts = out / "seed1" / "new.prompts.safetensors";
  const std::string tune = "tune --data " + quoted(few_pictures()) +
                           " --method coop --mao --shots 4 --epochs 1 --new-epochs 1 --seeds 1 --quiet --out " +
                           quoted(out) + " --model ";
  right(tune + "embedded-siglip");
  const json results = read_json(out / "results.json");
  for (const char* half : {"base", "new"}) {
    CHECK(results.at("zero_shot").at(half) > 50);
    CHECK(results.at("paper").at(half) > 50);
  }
  CHECK(read_json(out / "config.json").at("model").at("model") == "embedded-siglip");
  CHECK_THAT(right(tune + "embedded-siglip").output, !ContainsSubstring("seed 1:"));
  CHECK_THAT(mao_program(tune + "embedded").output, ContainsSubstring("holds a run with other settings"));

  const json eval =
      json::parse(right("eval " + quoted(prompts) + " --data " + quoted(few_pictures()) + " --half new --json").output);
  CHECK(eval.at("accuracy").get<double>() == Approx(results.at("paper").at("new").get<double>()).margin(0.2));
  const fs::path image = temporary / "a.png", head = temporary / "head.safetensors";
  write_png(image, random_image(48, 48, 1));
  const std::string predict = "predict " + quoted(image) + " --prompts " + quoted(prompts) + " --json";
  CHECK_THAT(right(predict).output, ContainsSubstring("probability"));
  right("export " + quoted(head) + " --prompts " + quoted(prompts));
  CHECK(mao::read_safetensors(head).metadata.size() > 0);
}

TEST_CASE("methods that prompt the image tower run over the embedded SigLIP", "[embedded_siglip]") {
  const TemporaryFolder temporary;
  for (const std::string method : {"maple", "vpt"}) {
    CAPTURE(method);
    const fs::path out = temporary / method;
    right("tune --data " + quoted(few_pictures()) + " --model embedded-siglip --method " + method +
          " --shots 1 --epochs 1 --seeds 1 --set depth=2 --quiet --out " + quoted(out));
    CHECK(read_json(out / "results.json").at("paper").at("base") > 50);
  }
}

TEST_CASE("what the embedded SigLIP has by itself is not taken from options", "[embedded_siglip]") {
  const TemporaryFolder temporary;
  const fs::path models = fs::path(source_dir()) / "tools/embedded";
  const std::string encode = "encode --texts-file " +
                             quoted(temporary.write("texts.txt", "a photo of a striped red circle.\n")) + " --out " +
                             quoted(temporary / "out.npz") + " --model embedded";
  right(encode + "-siglip");
  right(encode + "-siglip --weights " + quoted(models / "siglip"));
  const std::vector<std::pair<std::string, std::string>> refused{
      {"-siglip --vocab x", "the embedded model has its own"},
      {"-siglip --heads 2,2", "the embedded model has its own"},
      {"-siglip --activation gelu", "the embedded model has its own"},
      {"-siglip --weights " + quoted(models / "model"), "is a CLIP, expected a SigLIP"},
      {" --weights " + quoted(models / "siglip"), "is a SigLIP"}};
  for (const auto& [options, words] : refused) {
    CAPTURE(options);
    const Run run = mao_program(encode + options);
    CHECK(run.code == 1);
    CHECK_THAT(run.output, ContainsSubstring(words));
  }
}
