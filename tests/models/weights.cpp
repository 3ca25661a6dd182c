// SPDX-License-Identifier: Apache-2.0
#include <mao/models/weights.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/phrase.hpp>

#include <limits>

#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>
#include <nlohmann/json.hpp>
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

TEST_CASE("a caller, the metadata and a configuration say the same, or are refused", "[weights]") {
  TensorFile file = toy_file();
  file.metadata["activation"] = "gelu";
  const std::string quick = R"({"activation": "quick_gelu"})", gelu = R"({"activation": "gelu"})";
  CHECK(decided(quick) == Activation::QuickGelu);
  CHECK(decided(gelu, file) == Activation::Gelu);
  CHECK(decided(gelu, file, Activation::Gelu) == Activation::Gelu);
  CHECK_THROWS_AS(decided(quick, file), OptionError);
  CHECK_THROWS_AS(decided(gelu, file, Activation::QuickGelu), OptionError);
  CHECK_THROWS_WITH(decided(quick, toy_file(), Activation::Gelu),
                    ContainsSubstring("the caller (--activation) says gelu") && ContainsSubstring("config.json"));
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
  file.tensors["attn_mask"] = at::full({24, 24}, -std::numeric_limits<float>::infinity()).triu(1);
  file.tensors["logit_bias"] = at::scalar_tensor(-10.0, at::kFloat);
  auto config = toy_config();
  config["init_logit_bias"] = -10;
  CHECK(prepared(config, file).sizes == mao::testing::toy_sizes());
  file.tensors.erase("logit_bias");
  file.tensors["visual.transformer.resblocks.1.attn.ln_q.weight"] = at::ones({64});
  CHECK_THROWS_WITH(prepared(toy_config(), file),
                    ContainsSubstring("the tensor visual.transformer.resblocks.1.attn.ln_q.weight [64] is not part"));
}

TEST_CASE("tensors that open_clip does not load under its configuration are refused", "[weights]") {
  TensorFile custom;
  for (const auto& [name, value] : toy_file().tensors) {
    custom.tensors[name.starts_with("visual.") || name == "logit_scale" ? name : "text." + name] = value;
  }
  auto config = toy_config();
  const auto no_custom_text = ContainsSubstring("expected model_cfg.custom_text true");
  CHECK_THROWS_WITH(prepared(config, custom), no_custom_text);
  config["custom_text"] = false;
  CHECK_THROWS_WITH(prepared(config, custom), no_custom_text);
  config["custom_text"] = true;
  CHECK(prepared(config, custom).sizes == mao::testing::toy_sizes());
  CHECK(prepared(config).sizes == mao::testing::toy_sizes());  // open_clip renames them
  TensorFile biased = toy_file();
  biased.tensors["logit_bias"] = at::scalar_tensor(-10.0, at::kFloat);
  CHECK_THROWS_WITH(prepared(toy_config(), biased), ContainsSubstring("expected model_cfg.init_logit_bias"));
  config = toy_config();
  config["init_logit_bias"] = -10;
  CHECK(prepared(config).sizes == mao::testing::toy_sizes());  // zero to open_clip, and without effect on softmax
  config["init_logit_bias"] = "-10";
  CHECK_THROWS_WITH(prepared(config), ContainsSubstring("model_cfg.init_logit_bias is \"-10\""));
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

namespace {

/// The toy as a module that was saved whole: heads of 32, GELU in the image tower and QuickGELU in the text tower.
TensorFile whole_file() {
  TensorFile file = toy_file();
  file.modules[""] = {"open_clip.model.CLIP", {{"text_pool_type", "argmax"}, {"attn_mask", "tensor"}}};
  file.modules["visual"] = {"open_clip.transformer.VisionTransformer", {{"pool_type", "tok"}, {"image_size", "8, 8"}}};
  for (const auto& [tower, heads, gelu] : {std::array{"visual.", "4", "torch.nn.modules.activation.GELU"},
                                           std::array{"", "2", "open_clip.transformer.QuickGELU"}}) {
    const std::string block = std::string(tower) + "transformer.resblocks.0.";
    file.modules[block + "attn"] = {"torch.nn.modules.activation.MultiheadAttention", {{"num_heads", heads}}};
    file.modules[block + "mlp.gelu"] = {gelu, {}};
    file.modules[block + "ln_1"] = {"open_clip.transformer.LayerNorm", {{"eps", "1e-06"}}};
  }
  return file;
}

}  // namespace

TEST_CASE("a model that was saved whole decides its form itself", "[weights]") {
  const TemporaryFolder empty;
  const ClipWeights whole = prepare_clip_weights(whole_file(), empty / "clip.pt");
  CHECK(whole.form.vision == TowerForm{.heads = 4, .activation = Activation::Gelu, .epsilon = 1e-6});
  CHECK(whole.form.text == TowerForm{.heads = 2, .activation = Activation::QuickGelu, .epsilon = 1e-6});
  CHECK(whole.heads_reason == "as the saved modules say");
  CHECK(whole.activation_reason == "gelu for images and quick_gelu for texts, as the saved modules say");
  TensorFile inside;
  for (auto& [name, tensor] : whole_file().tensors) inside.tensors["model." + name] = tensor;
  for (auto& [path, module] : whole_file().modules) inside.modules[path.empty() ? "model" : "model." + path] = module;
  CHECK(prepare_clip_weights(inside, empty / "clip.pt").form == whole.form);
  TensorFile wrong = whole_file();
  wrong.modules["visual"].attributes["image_size"] = "224, 224";
  CHECK_THROWS_WITH(prepare_clip_weights(wrong, empty / "clip.pt"), ContainsSubstring("takes 224 px"));
  wrong = whole_file();
  wrong.modules["visual.transformer.resblocks.0.attn"].attributes["num_heads"] = "5";
  CHECK_THROWS_AS(prepare_clip_weights(wrong, empty / "clip.pt"), OptionError);
}

TEST_CASE("a configuration or a caller beside a model that was saved whole", "[weights]") {
  CHECK_THROWS_WITH(prepared(toy_config(), whole_file()),
                    ContainsSubstring("was saved whole") && ContainsSubstring("4 heads of 32, gelu, eps 1e-06") &&
                        ContainsSubstring("open_clip_config.json says: image tower 2 heads of 64"));
  const TemporaryFolder empty;
  const auto asked = prepare_clip_weights(whole_file(), empty / "clip.pt", {}, {}, ClipHeads{4, 2});
  CHECK(asked.heads_reason == "as asked for");
  CHECK_THROWS_WITH(prepare_clip_weights(whole_file(), empty / "clip.pt", {}, {}, ClipHeads{2, 1}),
                    ContainsSubstring("says 2,1, but what was saved of its modules says 4,2"));
  CHECK_THROWS_AS(prepare_clip_weights(whole_file(), empty / "clip.pt", Activation::Gelu), OptionError);
  CHECK(prepare_clip_weights(whole_file(), empty / "clip.pt", {}, ClipForm()).form == ClipForm());
}

TEST_CASE("pixels that a saved model states are its own, and a file that says something else is refused", "[weights]") {
  TensorFile file = whole_file();
  file.modules["visual"].attributes["preprocess_cfg.mean"] = "0.5, 0.5, 0.5";
  file.modules["visual"].attributes["preprocess_cfg.std"] = "0.5, 0.5, 0.5";
  const TemporaryFolder folder;
  const ClipWeights read = prepare_clip_weights(file, folder / "clip.pt");
  CHECK(read.preprocess == Preprocess::symmetric(8));
  CHECK(read.preprocess_reason == "as the saved modules say");
  folder.write("preprocessor_config.json", R"({"size": {"shortest_edge": 8}, "crop_size": {"height": 8, "width": 8}})");
  CHECK_THROWS_WITH(prepare_clip_weights(file, folder / "clip.pt"),
                    ContainsSubstring("visual.preprocess_cfg means") && ContainsSubstring("preprocessor_config.json"));
}

TEST_CASE("OpenAI's archives are known without their modules", "[weights]") {
  const TemporaryFolder empty;
  TensorFile archive = whole_file();
  archive.tensors["input_resolution"] = at::scalar_tensor(8, at::kLong);
  const ClipWeights read = prepare_clip_weights(archive, empty / "ViT.pt");
  CHECK(read.form == ClipForm());
  CHECK(read.activation_reason == "quick_gelu, an OpenAI archive");
}

TEST_CASE("a trace that is doubted is refused without a configuration", "[weights]") {
  TensorFile file = whole_file();
  file.modules["visual"] = {"open_clip.transformer.VisionTransformer", {}, "  def forward(self):\n    torch.mean(x)\n"};
  const TemporaryFolder empty;
  CHECK_THROWS_WITH(prepare_clip_weights(file, empty / "clip.pt"),
                    ContainsSubstring("reads more than the class token; put open_clip_config.json"));
  CHECK_NOTHROW(prepare_clip_weights(file, empty / "clip.pt", {}, ClipForm()));
}

TEST_CASE("heads that a caller states stand for a configuration", "[weights]") {
  const TemporaryFolder empty;
  CHECK_THROWS_WITH(prepare_clip_weights(toy_file(), empty / "clip.pt"),
                    ContainsSubstring("say --heads IMAGE,TEXT (--heads 2,1") && ContainsSubstring("{\"model_cfg\""));
  const auto asked = prepare_clip_weights(toy_file(), empty / "clip.pt", Activation::Gelu, {}, ClipHeads{4, 2});
  CHECK(asked.form.vision.heads == 4);
  CHECK(asked.form.text.heads == 2);
  CHECK_THROWS_AS(prepare_clip_weights(toy_file(), empty / "clip.pt", Activation::Gelu, {}, ClipHeads{3, 1}),
                  OptionError);
}

TEST_CASE("a mask or positions that are not CLIP's are refused, in a state dict and in a saved model", "[weights]") {
  const TemporaryFolder empty, configured;
  configured.write("config.json", R"({"activation": "gelu"})");
  TensorFile state = toy_file(), whole = whole_file();
  state.tensors["attn_mask"] = whole.modules[""].tensors["attn_mask"] = at::zeros({24, 24});
  CHECK_THROWS_WITH(prepare_clip_weights(state, configured / "clip.pt"), ContainsSubstring("is not a causal mask"));
  CHECK_THROWS_WITH(prepare_clip_weights(whole, empty / "clip.pt"), ContainsSubstring("is not a causal mask"));
}
