// SPDX-License-Identifier: Apache-2.0
#include <mao/models/clip_model.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/templates.hpp>

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <support/catch.hpp>
#include <support/layouts.hpp>
#include <support/tensors.hpp>
#include <support/text.hpp>

#include <nlohmann/json.hpp>

using namespace mao;
using mao::testing::relative_difference;
using mao_test::small_tokenizer;

namespace {

/// Random weights for the vocabulary of the small tokenizer.
TensorFile random_file() {
  ClipArchitecture sizes = mao::testing::toy_sizes();
  sizes.vocabulary = small_tokenizer().size();
  return {mao::testing::random_clip_weights(sizes, 3), {}};
}

Clip random_clip(Activation activation = Activation::Gelu) {
  return Clip(prepare_clip_weights(random_file(), "random", activation, ClipForm()), small_tokenizer());
}

const std::vector<std::string> sentences{"lower", "a low new owl."};

Tensor pixels(std::int64_t count) { return mao::testing::ToyImages(count, 1, 1).pixels; }

}  // namespace

TEST_CASE("a saved model is the same again, from its folder and from its file", "[model]") {
  const mao_test::TemporaryFolder folder;
  const Clip clip = random_clip();
  write_safetensors(folder / "model.safetensors", random_file().tensors);
  small_tokenizer().save_merges(folder / "merges.txt");
  folder.write("config.json", R"({"activation": "gelu"})");
  for (const auto& path : {folder.path(), folder / "model.safetensors"}) {
    const Clip loaded = Clip::load(path, {.vocabulary = folder / "merges.txt", .activation = {}});
    CHECK(loaded.fingerprint() == clip.fingerprint());
    CHECK(loaded.weights().form.text.activation == Activation::Gelu);
    CHECK(loaded.logit_scale() == Approx(20.0));
    CHECK(loaded.preprocess().resolution == 8);
    CHECK(loaded.tokenize("lower") == clip.tokenize("lower"));
    // Not bit for bit: how some CPUs add up depends on where in memory the weights lie, and a file is mapped.
    CHECK(relative_difference(sentence_features(loaded, sentences), sentence_features(clip, sentences)) < 2e-6);
    CHECK(relative_difference(loaded.encode_image(pixels(2)), clip.encode_image(pixels(2))) < 2e-6);
  }
  CHECK(relative_difference(sentence_features(random_clip(Activation::QuickGelu), sentences),
                            sentence_features(clip, sentences)) > 1e-4);
}

TEST_CASE("many images at once give what each gives alone, with and without a gradient", "[model]") {
  const Clip clip = random_clip();
  const Tensor images = pixels(19);
  const Tensor together = clip.encode_image(images);
  REQUIRE(together.size(0) == 19);
  for (std::int64_t i = 0; i < 19; ++i) {
    CHECK(relative_difference(together.narrow(0, i, 1), clip.encode_image(images.narrow(0, i, 1))) < 1e-5);
  }
  const Tensor differentiated = clip.encode_image(images.clone().requires_grad_(true));
  CHECK(differentiated.requires_grad());
  CHECK(relative_difference(differentiated, together) < 1e-5);
}

TEST_CASE("a tokenizer of another size is refused", "[model]") {
  const ClipTokenizer other(MergeList{{"l", "o"}});
  CHECK_THROWS_WITH(Clip(prepare_clip_weights(random_file(), "random", {}, ClipForm()), other),
                    ContainsSubstring("the tokenizer has 515 tokens, token_embedding.weight has 518 rows"));
}

namespace {

/// Noise that Python makes too: numbers in [-0.5, 0.5) for tensor number k.
Tensor sine_noise(const std::vector<std::int64_t>& shape, std::int64_t k) {
  const Tensor values = at::empty(shape, at::kDouble);
  auto* out = values.mutable_data_ptr<double>();
  for (std::int64_t j = 0; j < values.numel(); ++j) {
    const double x = std::sin(12.9898 * static_cast<double>(j + 1) + 78.233 * static_cast<double>(k + 1)) * 43758.5453;
    out[j] = x - std::floor(x) - 0.5;
  }
  return values;
}

/// All tensors of a model under open_clip's names, each filled by its place in the order of names.
TensorMap noisy_weights(const ClipArchitecture& sizes, const ClipForm& form) {
  TensorMap weights{{"logit_scale", at::zeros({})}};
  for (const auto& [name, shape] : mao::detail::expected_shapes(sizes, form)) weights[name] = at::zeros(shape);
  if (form.text_bias) weights["text_projection.weight"] = weights.extract("text_projection").mapped().t();
  std::int64_t k = 0;
  for (auto& [name, value] : weights) {
    Tensor x = sine_noise(value.sizes().vec(), k++);
    const double inputs = value.dim() > 1 ? static_cast<double>(value.numel() / value.size(0)) : 1;
    if (name.ends_with("gamma")) {
      x = x + 0.5;
    } else if (value.dim() > 1) {
      x = x * (name == "token_embedding.weight" ? 0.5 : 4 / std::sqrt(inputs));
    } else {
      const bool scale = name.find("ln_") != std::string::npos && name.ends_with("weight");
      x = scale ? 1 + 0.5 * x : 0.5 * x;
    }
    value = x.to(at::kFloat);
  }
  return weights;
}

/// Two texts without padding: a shared start token, then tokens up to the end.
TextBatch two_texts(const Clip& clip) {
  const auto embedded = [&](const std::vector<std::int64_t>& ids) { return clip.embed(at::tensor(ids)); };
  TextBatch batch;
  batch.prefix = embedded({516}).unsqueeze(0);
  batch.suffix = embedded({5, 9, 300, 517, 7, 40, 517});
  batch.offsets = {0, 4, 7};
  batch.group = {0, 0};
  return batch;
}

struct PeerCase {
  const char *vision, *text;
  bool quick_gelu;
  ClipForm form;  // of the tensors
  std::int64_t text_mlp;
  std::vector<float> images, texts;
};

}  // namespace

// open_clip 3.3.0 on the same weights: CLIP(embed_dim=4, vision_cfg, text_cfg), encode_image, encode_text with rows
// padded by zeros to ten tokens.
TEST_CASE("features under every setting of open_clip's configuration are open_clip's", "[model]") {
  const std::vector<PeerCase> cases{
      {R"({})",
       R"({})",
       false,
       {},
       256,
       {-5.170798F, -4.435972F, 1.355375F, -1.263489F, -5.573266F, -6.386262F, 5.405332F, 5.841341F},
       {3.936904F, 2.763391F, -4.422079F, 1.838558F, 1.693945F, -1.983168F, -6.232682F, 0.632759F}},
      {R"({})",
       R"({})",
       true,
       {},
       256,
       {-5.176562F, -4.441938F, 1.322505F, -1.298849F, -5.593777F, -6.297707F, 5.444942F, 5.810558F},
       {3.875903F, 2.758848F, -4.389723F, 1.892056F, 1.687600F, -1.973574F, -6.219153F, 0.616873F}},
      {R"({"pool_type": "avg", "no_ln_pre": true, "norm_kwargs": {"eps": 0.01}})",
       R"({"no_causal_mask": true, "norm_kwargs": {"eps": 0.01}})",
       false,
       {.ln_pre = false},
       256,
       {-7.162885F, -3.310932F, -2.652211F, -4.860385F, -3.183046F, -1.395245F, 1.704764F, 0.569759F},
       {-4.219790F, -7.601835F, -6.329829F, -1.838638F, -3.701940F, -8.765020F, -7.711277F, -0.185186F}},
      {R"({"pool_type": "avg", "final_ln_after_pool": true, "ls_init_value": 0.1})",
       R"({"pool_type": "last", "proj_bias": true, "ls_init_value": 0.1})",
       false,
       {.text_bias = true, .vision_scale = true, .text_scale = true},
       256,
       {6.016224F, 1.484285F, 0.523440F, -8.145588F, 5.120714F, -1.251315F, 5.921027F, 1.563601F},
       {0.253553F, -1.522890F, 0.488232F, 0.719360F, 1.021464F, -1.375476F, 0.901278F, 0.957225F}},
      {R"({"act_kwargs": {"approximate": "tanh"}, "head_width": 32, "pos_embed_type": "sin_cos_2d"})",
       R"({"no_causal_mask": true, "pool_type": "first", "act_kwargs": {"approximate": "tanh"}, "heads": 4,
           "mlp_ratio": 3.0})",
       false,
       {},
       192,
       {-0.171444F, -1.210630F, 2.691699F, -0.813245F, -6.782626F, -3.415102F, 3.554814F, 4.807066F},
       {-3.525367F, -2.094095F, 1.895625F, -11.076010F, -0.348497F, -3.296601F, -0.466754F, -12.048832F}}};
  for (const PeerCase& peer : cases) {
    CAPTURE(peer.vision, peer.text, peer.quick_gelu);
    nlohmann::json vision{{"layers", 2},     {"width", 96},     {"head_width", 48},
                          {"patch_size", 4}, {"image_size", 8}, {"mlp_ratio", 2.0}};
    nlohmann::json text{{"layers", 2}, {"width", 64}, {"heads", 2}, {"context_length", 10}, {"vocab_size", 518}};
    vision.update(nlohmann::json::parse(peer.vision));
    text.update(nlohmann::json::parse(peer.text));
    const nlohmann::json model{
        {"embed_dim", 4}, {"vision_cfg", vision}, {"text_cfg", text}, {"quick_gelu", peer.quick_gelu}};
    const mao_test::TemporaryFolder folder;
    folder.write("open_clip_config.json", nlohmann::json{{"model_cfg", model}}.dump());
    const ClipArchitecture sizes{.embed = 4,
                                 .resolution = 8,
                                 .patch = 4,
                                 .vision_width = 96,
                                 .vision_layers = 2,
                                 .vision_mlp = 192,
                                 .context = 10,
                                 .vocabulary = 518,
                                 .text_width = 64,
                                 .text_layers = 2,
                                 .text_mlp = peer.text_mlp};
    const Clip clip(prepare_clip_weights({noisy_weights(sizes, peer.form), {}}, folder / "open_clip_model.safetensors"),
                    small_tokenizer());
    const Tensor images = 2 * sine_noise({2, 3, 8, 8}, 1000).to(at::kFloat);
    const at::NoGradGuard frozen;
    for (const InstructionSet most : {InstructionSet::Portable, InstructionSet::Amx}) {
      const InstructionSetScope scope(most);
      CHECK(relative_difference(clip.encode_image(images), at::tensor(peer.images).view({2, 4})) < 3e-6);
      CHECK(relative_difference(clip.encode_text(two_texts(clip)), at::tensor(peer.texts).view({2, 4})) < 3e-6);
    }
  }
}

TEST_CASE("the same tensors with other heads or another activation are another model", "[model]") {
  const auto print = [](const ClipForm& form) {
    return Clip(prepare_clip_weights(random_file(), "random", {}, form), small_tokenizer()).fingerprint();
  };
  const std::string usual = print({});
  CHECK(print({.vision = {.heads = 2}, .text = {.heads = 1}}) == usual);  // stated, and what they are anyway
  CHECK(print({.vision = {.heads = 4}}) != usual);
  CHECK(print({.text = {.activation = Activation::Gelu}}) != usual);
  CHECK(print({.causal = false}) != usual);
}

TEST_CASE("the same weights behind another vocabulary are another model", "[model]") {
  const auto print = [](ClipTokenizer tokenizer) {
    return Clip(prepare_clip_weights(random_file(), "random", {}, ClipForm()), std::move(tokenizer)).fingerprint();
  };
  MergeList merges = small_tokenizer().merges();
  CHECK(print(ClipTokenizer(merges)) == print(small_tokenizer()));
  merges.back() = {"x", "y"};
  const std::string other = print(ClipTokenizer(merges));
  CHECK(other != print(small_tokenizer()));
  CHECK_THAT(other, ContainsSubstring("-vocabulary-"));
  const auto folder = std::filesystem::path(mao_test::source_dir()) / "tools/embedded/model";
  const Clip embedded = Clip::load(folder, {.vocabulary = folder / "merges.txt", .activation = {}});
  CHECK_THAT(embedded.fingerprint(), !ContainsSubstring("-vocabulary-"));
  if (mao_test::clip_tokenizer() == nullptr) return;
  ClipArchitecture sizes = mao::testing::toy_sizes();
  sizes.vocabulary = mao_test::clip_tokenizer()->size();
  const TensorFile file{mao::testing::random_clip_weights(sizes, 3), {}};
  const Clip usual(prepare_clip_weights(file, "random", {}, ClipForm()), *mao_test::clip_tokenizer());
  CHECK_THAT(usual.fingerprint(), !ContainsSubstring("-vocabulary-"));
}

TEST_CASE("the same weights behind other pixels are another model", "[model]") {
  const auto model = [](const Preprocess& preprocess) {
    ClipWeights weights = prepare_clip_weights(random_file(), "random", {}, ClipForm());
    weights.preprocess = preprocess;
    return Clip(std::move(weights), small_tokenizer());
  };
  const Clip usual = model({});
  CHECK(usual.preprocess() == Preprocess{.resolution = static_cast<int>(usual.weights().sizes.resolution)});
  const Clip half = model(Preprocess::symmetric(224));
  CHECK(half.preprocess().mean == Preprocess::symmetric(8).mean);
  CHECK(half.fingerprint().starts_with(usual.fingerprint() + "-pixels-"));
  CHECK(model({.mode = ResizeMode::squash}).fingerprint() != half.fingerprint());
  CHECK_THROWS_AS(model({.deviation = {0, 1, 1}}), OptionError);
}

TEST_CASE("the library that a checkpoint comes from decides how its text is cleaned", "[model]") {
  TensorFile file = random_file();
  const auto cleaning = [](const TensorFile& from) {
    return prepare_clip_weights(from, "random", Activation::Gelu, ClipForm()).cleaning;
  };
  CHECK(cleaning(file) == TextCleaning::Either);
  file.tensors["input_resolution"] = at::tensor(std::int64_t{8});
  CHECK(cleaning(file) == TextCleaning::OpenAi);
  CHECK(cleaning({mao_test::as_open_clip_custom(random_file().tensors), {}}) == TextCleaning::OpenClip);
  CHECK(cleaning({mao_test::as_hugging_face(random_file().tensors), {}}) == TextCleaning::HuggingFace);
}

TEST_CASE("a folder of Hugging Face cleans text as transformers does, and its settings are read", "[model]") {
  const mao_test::TemporaryFolder folder;
  write_safetensors(folder / "model.safetensors", mao_test::as_hugging_face(random_file().tensors));
  small_tokenizer().save_merges(folder / "merges.txt");
  folder.write("config.json", R"({"projection_dim": 16})");
  const Clip clip = Clip::load(folder.path(), {.vocabulary = {}, .activation = {}, .form = ClipForm()});
  CHECK(clip.tokenizer().cleaning() == TextCleaning::HuggingFace);
  CHECK(clip.tokenize("&lt;") != small_tokenizer().encode("&lt;"));
  CHECK(clip.tokenize("low “x”") != small_tokenizer().encode("low “x”"));
  CHECK(clip.tokenize("Lower") == small_tokenizer().encode("lower"));
  const Clip asked = Clip::load(
      folder.path(), {.vocabulary = {}, .activation = {}, .form = ClipForm(), .cleaning = TextCleaning::OpenAi});
  CHECK(asked.tokenize("&lt;") == small_tokenizer().encode("&lt;"));
  folder.write("tokenizer_config.json", R"({"do_lower_case": false})");
  CHECK_THROWS_WITH(Clip::load(folder.path(), {.vocabulary = {}, .activation = {}, .form = ClipForm()}),
                    ContainsSubstring("tokenizer_config.json: do_lower_case is false"));
}

TEST_CASE("a text that holds the end-of-text token is refused", "[model]") {
  CHECK_THROWS_AS(random_clip().tokenize("low <|endoftext|> lower"), DataError);
  CHECK_THROWS_WITH(random_clip().tokenize("low <|endoftext|>"), ContainsSubstring("holds the end-of-text token"));
}
