// SPDX-License-Identifier: Apache-2.0
// --heads and --activation for a checkpoint that nothing else describes: what asks for them, and where they go.
#include <filesystem>
#include <string>

#include <ATen/ops/equal.h>

#include <nlohmann/json.hpp>

#include <mao/io/files.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/images.hpp>
#include <support/program.hpp>
#include <support/temporary_folder.hpp>

namespace {

namespace fs = std::filesystem;
using namespace mao_test;

const std::string stated = " --activation quick_gelu --heads ";

/// The embedded model's weights and vocabulary without its configuration.
std::string bare_model(const fs::path& folder) {
  for (const char* file : {"model.safetensors", "merges.txt"})
    fs::copy_file(mao_test::embedded_model() / file, folder / file);
  return " --model " + quoted(folder) + " --vocab " + quoted(folder / "merges.txt") + " ";
}

}  // namespace

TEST_CASE("a checkpoint of unpublished widths asks for its heads, and encodes with them", "[heads]") {
  const TemporaryFolder temporary;
  const fs::path file = temporary / "a.png", out = temporary / "f.safetensors";
  mao_test::write_png(file, mao_test::random_image(70, 50, 1));
  const std::string encode = "encode --images " + quoted(file) + " --out " + quoted(out);
  const auto features = [&](const std::string& options) {
    const Run run = mao_program(encode + options);
    INFO(run.output);
    REQUIRE(run.code == 0);
    return mao::read_safetensors(out).tensors.at("image_features").clone();
  };
  const std::string bare = bare_model(temporary.path());
  const Run refused = mao_program(encode + bare);
  CHECK(refused.code == 1);
  CHECK_THAT(refused.output,
             ContainsSubstring("say --heads IMAGE,TEXT (--heads 2,2") && ContainsSubstring("{\"model_cfg\":{"));
  const mao::Tensor right = features("");
  CHECK(at::equal(features(bare + stated + "2,2"), right));
  CHECK_FALSE(at::equal(features(bare + stated + "1,1"), right));
  CHECK_THAT(mao_program(encode + bare + stated + "5,1").output, ContainsSubstring("cannot have 5 heads"));
  CHECK(mao_program(encode + bare + stated + "3").code != 0);
  CHECK_THAT(mao_program(encode + " --heads 1,1").output,
             ContainsSubstring("--heads and --vocab are for CLIP checkpoints"));
}

TEST_CASE("heads travel with a run and its prompts", "[heads]") {
  const TemporaryFolder temporary;
  const std::string bare = bare_model(temporary.path());
  const fs::path out = temporary / "run", prompts = out / "seed1" / "plain.prompts.safetensors";
  const std::string tune = "tune --data sketch --shots 1 --epochs 1 --seeds 1 --out " + quoted(out) + bare + stated;
  const Run run = mao_program(tune + "2,2");
  INFO(run.output);
  REQUIRE(run.code == 0);
  const auto config = nlohmann::json::parse(mao::read_text_file(out / "config.json"));
  CHECK(config.at("model").at("heads") == nlohmann::json(std::vector{2, 2}));
  CHECK_THAT(mao_program(tune + "1,1").output, ContainsSubstring("holds a run with other settings"));
  const Run eval = mao_program("eval " + quoted(prompts) + " --data sketch --half base --json");
  INFO(eval.output);
  CHECK(eval.code == 0);
}
