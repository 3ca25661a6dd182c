// SPDX-License-Identifier: Apache-2.0
#include <mao/clip/weights.hpp>
#include <mao/testing/toy_model.hpp>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao_test::TemporaryFolder;

namespace {

TensorFile toy_file() { return {mao::testing::random_clip_weights(mao::testing::toy_sizes(), 2), {}}; }

/// What is decided for a checkpoint in a folder with this configuration file.
Activation decided(const std::string& config, const std::string& name = "config.json",
                   const TensorFile& file = toy_file(), std::optional<Activation> wanted = {}) {
  const TemporaryFolder folder;
  folder.write(name, config);
  return prepare_clip_weights(file, folder / "model.safetensors", wanted).activation;
}

TensorFile with_text_prefix() {
  TensorFile file;
  for (const auto& [name, value] : toy_file().tensors) {
    file.tensors[name.starts_with("visual.") || name == "logit_scale" ? name : "text." + name] = value;
  }
  return file;
}

}  // namespace

TEST_CASE("a configuration beside the weights decides the activation", "[weights]") {
  using enum Activation;
  CHECK(decided(R"({"activation": "gelu"})") == Gelu);
  CHECK(decided(R"({"activation": "quick_gelu"})") == QuickGelu);
  CHECK(decided(R"({"text_config": {"hidden_act": "gelu"}, "vision_config": {}})") == Gelu);
  CHECK(decided(R"({"text_config": {"hidden_act": "quick_gelu"}})") == QuickGelu);
  CHECK(decided(R"({"vision_config": {}})") == QuickGelu);  // the default of transformers
  CHECK(decided(R"({"model_cfg": {"embed_dim": 16}})", "open_clip_config.json") == Gelu);  // the default of open_clip
  CHECK(decided(R"({"model_cfg": {"quick_gelu": true}})", "open_clip_config.json") == QuickGelu);
}

TEST_CASE("the caller comes before the metadata, the metadata before a configuration", "[weights]") {
  TensorFile file = toy_file();
  file.metadata["activation"] = "gelu";
  const std::string quick = R"({"activation": "quick_gelu"})";
  CHECK(decided(quick, "config.json", file) == Activation::Gelu);
  CHECK(decided(quick, "config.json", file, Activation::QuickGelu) == Activation::QuickGelu);
  CHECK(decided(quick, "config.json", toy_file(), Activation::Gelu) == Activation::Gelu);
}

TEST_CASE("without a word about it the layout decides, and the reason says so", "[weights]") {
  const TemporaryFolder empty;
  const auto bare = prepare_clip_weights(toy_file(), empty / "clip.pt");
  CHECK(bare.activation == Activation::QuickGelu);
  CHECK_THAT(bare.activation_reason, ContainsSubstring("assumed"));
  TensorFile archive = toy_file();
  archive.tensors["input_resolution"] = at::scalar_tensor(8, at::kLong);
  CHECK(prepare_clip_weights(archive, empty / "ViT.pt").activation_reason == "quick_gelu, an OpenAI archive");
  const auto custom = prepare_clip_weights(with_text_prefix(), empty / "open_clip.bin");
  CHECK(custom.layout == ClipLayout::OpenClipCustom);
  CHECK(custom.activation == Activation::Gelu);
}

TEST_CASE("a configuration that cannot be meant is refused with its name", "[weights]") {
  CHECK_THROWS_WITH(decided(R"({"activation": "relu"})"), ContainsSubstring("config.json says activation \"relu\""));
  CHECK_THROWS_AS(decided("[1]"), FormatError);
  CHECK_THROWS_AS(decided(R"({"activation": 3})"), FormatError);
  CHECK_THROWS_AS(decided(R"({"model_cfg": []})"), FormatError);
  CHECK_THROWS_AS(decided(R"({"text_config": {"hidden_act": null}})"), FormatError);
}

TEST_CASE("half precision becomes float; sizes and names are those of the model", "[weights]") {
  const TemporaryFolder folder;
  const TensorMap expected = toy_file().tensors;
  TensorMap half;
  for (const auto& [name, value] : expected) half[name] = value.to(at::kHalf);
  write_safetensors(folder / "model.safetensors", half);
  for (const auto& path : {folder.path(), folder / "model.safetensors"}) {
    const ClipWeights read = read_clip_weights(path);
    CHECK(read.sizes == mao::testing::toy_sizes());
    REQUIRE(read.tensors.size() == expected.size());
    for (const auto& [name, value] : read.tensors) {
      CAPTURE(name);
      CHECK(value.scalar_type() == at::kFloat);
      CHECK(mao::testing::largest_difference(value, expected.at(name)) < 1e-2);
    }
  }
}
