// SPDX-License-Identifier: Apache-2.0
#include <mao/clip/weights.hpp>
#include <mao/testing/toy_model.hpp>

#include <limits>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao_test::TemporaryFolder;

namespace {

ClipArchitecture with_widths(std::int64_t vision, std::int64_t text) {
  ClipArchitecture sizes = mao::testing::toy_sizes();
  sizes.vision_width = vision;
  sizes.text_width = text;
  return sizes;
}

/// Of published widths.
TensorFile published_file() { return {mao::testing::random_clip_weights(with_widths(384, 256), 2), {}}; }
TensorFile toy_file() { return {mao::testing::random_clip_weights(mao::testing::toy_sizes(), 2), {}}; }

/// open_clip's configuration of the toy.
nlohmann::json toy_config() {
  return {{"embed_dim", 16},
          {"vision_cfg", {{"layers", 3}, {"width", 128}, {"patch_size", 4}, {"image_size", 8}}},
          {"text_cfg", {{"layers", 3}, {"width", 64}, {"heads", 1}, {"context_length", 24}, {"vocab_size", 64}}}};
}

ClipWeights prepared(const nlohmann::json& model_cfg, const TensorFile& file = toy_file(),
                     std::optional<Activation> wanted = {}) {
  const TemporaryFolder folder;
  folder.write("open_clip_config.json", nlohmann::json{{"model_cfg", model_cfg}}.dump());
  return prepare_clip_weights(file, folder / "model.safetensors", wanted);
}

/// What is decided for a toy in a folder with mao's own configuration.
Activation decided(const std::string& config, const TensorFile& file = toy_file(),
                   std::optional<Activation> wanted = {}) {
  const TemporaryFolder folder;
  folder.write("config.json", config);
  return prepare_clip_weights(file, folder / "model.safetensors", wanted).form.text.activation;
}

}  // namespace

TEST_CASE("the caller comes before the metadata, the metadata before a configuration", "[weights]") {
  TensorFile file = toy_file();
  file.metadata["activation"] = "gelu";
  const std::string quick = R"({"activation": "quick_gelu"})";
  CHECK(decided(quick) == Activation::QuickGelu);
  CHECK(decided(quick, file) == Activation::Gelu);
  CHECK(decided(quick, file, Activation::QuickGelu) == Activation::QuickGelu);
  CHECK(decided(quick, toy_file(), Activation::Gelu) == Activation::Gelu);
  CHECK(prepared(toy_config()).form.vision.activation == Activation::Gelu);  // the default of open_clip
}

TEST_CASE("where nothing decides the activation, a sentence asks for it", "[weights]") {
  const TemporaryFolder empty;
  const auto path = empty / "clip.pt";
  CHECK_THROWS_WITH(prepare_clip_weights(published_file(), path),
                    ContainsSubstring("clip.pt: neither") && ContainsSubstring("--activation quick_gelu (OpenAI's") &&
                        ContainsSubstring("--activation gelu (open_clip's") &&
                        ContainsSubstring("ClipOptions::activation"));
  const auto asked = prepare_clip_weights(published_file(), path, Activation::Gelu);
  CHECK(asked.form.vision.activation == Activation::Gelu);
  CHECK(asked.activation_reason == "gelu, as asked for");
  TensorFile archive = published_file();
  archive.tensors["input_resolution"] = at::scalar_tensor(8, at::kLong);
  CHECK(prepare_clip_weights(archive, path).activation_reason == "quick_gelu, an OpenAI archive");
  CHECK(prepare_clip_weights(toy_file(), path, {}, ClipForm()).form == ClipForm());
}

TEST_CASE("without a configuration published widths have their heads, others are refused", "[weights]") {
  const TemporaryFolder empty;
  const auto heads = [&](std::int64_t vision, std::int64_t text) {
    const TensorFile file{mao::testing::random_clip_weights(with_widths(vision, text), 2), {}};
    return prepare_clip_weights(file, empty / "clip.pt", Activation::Gelu).form;
  };
  CHECK(heads(384, 256).vision.heads == 6);
  CHECK(heads(1280, 1280).vision.heads == 16);
  CHECK(heads(1280, 1280).text.heads == 20);
  CHECK_THROWS_WITH(heads(192, 256), ContainsSubstring("its image tower has") && ContainsSubstring("width 192") &&
                                         ContainsSubstring("open_clip_config.json"));
  CHECK_THROWS_WITH(heads(384, 128), ContainsSubstring("its text tower has") && ContainsSubstring("width 128"));
  TensorFile archive = toy_file();
  archive.tensors["input_resolution"] = at::scalar_tensor(8, at::kLong);
  CHECK(prepare_clip_weights(archive, empty / "ViT.pt").form.vision.heads_in(128) == 2);
}

TEST_CASE("a configuration of another model is refused with the key that does not fit", "[weights]") {
  auto config = toy_config();
  config["text_cfg"]["layers"] = 12;
  CHECK_THROWS_WITH(prepared(config),
                    ContainsSubstring("model_cfg.text_cfg.layers means 12, the checkpoint's tensors have 3"));
  config = toy_config();
  config["vision_cfg"]["mlp_ratio"] = 3.5;
  CHECK_THROWS_WITH(prepared(config), ContainsSubstring("vision_cfg.mlp_ratio means 448"));
  config = toy_config();
  config["vision_cfg"].erase("image_size");
  CHECK_THROWS_WITH(prepared(config), ContainsSubstring("vision_cfg.image_size means 224"));
}

TEST_CASE("every tensor is used, known to be without effect, or refused by name", "[weights]") {
  TensorFile file = toy_file();
  file.tensors["attn_mask"] = at::full({24, 24}, -std::numeric_limits<float>::infinity());
  file.tensors["logit_bias"] = at::scalar_tensor(-10.0, at::kFloat);
  CHECK(prepared(toy_config(), file).sizes == mao::testing::toy_sizes());
  file.tensors["visual.transformer.resblocks.1.attn.ln_q.weight"] = at::ones({64});
  CHECK_THROWS_WITH(prepared(toy_config(), file),
                    ContainsSubstring("the tensor visual.transformer.resblocks.1.attn.ln_q.weight [64] is no part"));
}

TEST_CASE("layer scale becomes part of the projection before it, and must be as configured", "[weights]") {
  TensorFile file = toy_file();
  const Tensor gamma = normal_tensor({128}, 1.0, Rng(3));
  for (const char* block : {"0", "1", "2"}) {
    for (const char* scale : {".ls_1.gamma", ".ls_2.gamma"}) {
      file.tensors[std::string("visual.transformer.resblocks.") + block + scale] = gamma;
    }
  }
  CHECK_THROWS_WITH(prepared(toy_config(), file), ContainsSubstring("visual.transformer.resblocks.0.ls_1.gamma"));
  auto config = toy_config();
  config["vision_cfg"]["ls_init_value"] = 0.1;
  CHECK_THROWS_WITH(prepared(config), ContainsSubstring("no tensor visual.transformer.resblocks.0.ls_1.gamma"));
  const ClipWeights folded = prepared(config, file);
  CHECK(folded.form.vision_scale);
  CHECK(folded.tensors.size() == toy_file().tensors.size());
  const std::string block = "visual.transformer.resblocks.1.";
  const auto before = [&](const char* name) { return file.tensors.at(block + name); };
  const auto after = [&](const char* name) { return folded.tensors.at(block + name); };
  CHECK(after("attn.out_proj.weight").equal(before("attn.out_proj.weight") * gamma.unsqueeze(1)));
  CHECK(after("attn.out_proj.bias").equal(before("attn.out_proj.bias") * gamma));
  CHECK(after("mlp.c_proj.weight").equal(before("mlp.c_proj.weight") * gamma.unsqueeze(1)));
  CHECK(after("mlp.c_fc.weight").equal(before("mlp.c_fc.weight")));
}

TEST_CASE("weights that are not finite are refused by the name of the tensor", "[weights]") {
  for (const char* name : {"visual.proj", "token_embedding.weight", "transformer.resblocks.2.ln_1.bias"}) {
    TensorFile file = toy_file();
    file.tensors[name] = file.tensors[name].clone();
    file.tensors[name].view(-1).select(0, 5).fill_(std::numeric_limits<float>::quiet_NaN());
    CHECK_THROWS_WITH(prepared(toy_config(), file), ContainsSubstring(std::string("1 of the ")) &&
                                                        ContainsSubstring(std::string(name) + " are NaN or infinite"));
  }
}

TEST_CASE("half precision becomes float; sizes and names are those of the model", "[weights]") {
  const TemporaryFolder folder;
  const TensorMap expected = toy_file().tensors;
  TensorMap half;
  for (const auto& [name, value] : expected) half[name] = value.to(at::kHalf);
  write_safetensors(folder / "model.safetensors", half);
  folder.write("config.json", R"({"activation": "gelu"})");
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

TEST_CASE("pixels are prepared as the file beside the weights says, mean and std as asked for", "[weights]") {
  const TemporaryFolder folder;
  const auto write = [&](const nlohmann::json& preprocess) {
    folder.write("open_clip_config.json",
                 nlohmann::json{{"model_cfg", toy_config()}, {"preprocess_cfg", preprocess}}.dump());
    return prepare_clip_weights(toy_file(), folder / "model.safetensors");
  };
  const ClipWeights half = write({{"mean", {0.5, 0.5, 0.5}}, {"std", {0.5, 0.5, 0.5}}, {"size", 8}});
  CHECK(half.preprocess == Preprocess::symmetric(8));
  CHECK_THAT(half.preprocess_reason, ContainsSubstring("open_clip_config.json says"));
  CHECK_THROWS_WITH(write({{"size", 224}}), ContainsSubstring("preprocess_cfg.size is 224, expected 8"));
  ClipWeights asked = write({{"resize_mode", "squash"}});
  ask_normalisation(asked, {}, {});
  CHECK(asked.preprocess == Preprocess{.resolution = 8, .mode = ResizeMode::squash});
  ask_normalisation(asked, std::array{0.1F, 0.2F, 0.3F}, {});
  CHECK(asked.preprocess == Preprocess{.resolution = 8, .mean = {0.1F, 0.2F, 0.3F}, .mode = ResizeMode::squash});
  CHECK_THAT(asked.preprocess_reason, Catch::Matchers::StartsWith("mean as asked for, the rest as "));
  CHECK_THROWS_AS(ask_normalisation(asked, {}, std::array{0.1F, 0.0F, 0.3F}), OptionError);
}
