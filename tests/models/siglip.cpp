// SPDX-License-Identifier: Apache-2.0
#include <mao/models/siglip.hpp>

#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <mao/models/clip_model.hpp>
#include <mao/prompts/context.hpp>
#include <mao/prompts/templates.hpp>

#include <support/catch.hpp>
#include <support/siglip_weights.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;
using namespace mao_test;

namespace {

/// SiglipModel in formulas, written from its description: a row is as long as the context.
class Reference {
 public:
  explicit Reference(const TensorMap& weights, const char* gelu = "tanh")
      : weights_(as_siglip_model(weights)), gelu_(gelu) {}

  [[nodiscard]] Tensor get(const std::string& name) const { return weights_.at(name); }
  [[nodiscard]] Tensor norm(const std::string& name, const Tensor& x) const {
    return at::layer_norm(x, {x.size(-1)}, get(name + ".weight"), get(name + ".bias"), 1e-6);
  }
  [[nodiscard]] Tensor linear(const std::string& name, const Tensor& x) const {
    return at::linear(x, get(name + ".weight"), get(name + ".bias"));
  }
  [[nodiscard]] Tensor mlp(const std::string& name, const Tensor& x) const {
    return linear(name + ".fc2", at::gelu(linear(name + ".fc1", x), gelu_));
  }

  static Tensor attend(const Tensor& query, const Tensor& key, const Tensor& value, std::int64_t heads) {
    const auto split = [&](const Tensor& x) { return x.unflatten(-1, {heads, -1}).transpose(-3, -2); };
    const double scale = 1 / std::sqrt(static_cast<double>(query.size(-1) / heads));
    const Tensor weights = at::softmax(at::matmul(split(query), split(key).transpose(-2, -1)) * scale, -1);
    return at::matmul(weights, split(value)).transpose(-3, -2).flatten(-2);
  }

  [[nodiscard]] Tensor layer(const std::string& name, const Tensor& x, std::int64_t heads) const {
    const Tensor h = norm(name + ".layer_norm1", x);
    const std::string self = name + ".self_attn.";
    const Tensor mixed =
        attend(linear(self + "q_proj", h), linear(self + "k_proj", h), linear(self + "v_proj", h), heads);
    const Tensor middle = x + linear(self + "out_proj", mixed);
    return middle + mlp(name + ".mlp", norm(name + ".layer_norm2", middle));
  }

  /// Embeddings of whole rows, and what stands in their first places from the second layer on. **Shape** [R, L, W].
  [[nodiscard]] Tensor texts(const Tensor& embeddings, const Tensor& deep = {}) const {
    Tensor x = embeddings + get("text_model.embeddings.position_embedding.weight");
    for (int i = 0; i < 2; ++i) {
      if (i == 1 && deep.defined()) {
        x = at::cat({deep.expand({x.size(0), -1, -1}), x.narrow(1, deep.size(0), x.size(1) - deep.size(0))}, 1);
      }
      x = layer("text_model.encoder.layers." + std::to_string(i), x, 3);
    }
    return linear("text_model.head", norm("text_model.final_layer_norm", x).select(1, x.size(1) - 1));
  }

  /// **Shape** ids [R, L].
  [[nodiscard]] Tensor embedded(const Tensor& ids) const {
    return get("text_model.embeddings.token_embedding.weight").index_select(0, ids.flatten()).unflatten(0, ids.sizes());
  }

  /// `prompt` [n, W] stands behind the patches.
  [[nodiscard]] Tensor images(const Tensor& pixels, const Tensor& prompt = {}) const {
    const std::string patches = "vision_model.embeddings.patch_embedding";
    Tensor x = at::conv2d(pixels, get(patches + ".weight"), get(patches + ".bias"), 4).flatten(2).transpose(1, 2);
    x = x + get("vision_model.embeddings.position_embedding.weight");
    const std::int64_t count = x.size(1), width = x.size(2);
    if (prompt.defined()) x = at::cat({x, prompt.expand({x.size(0), -1, -1})}, 1);
    for (int i = 0; i < 2; ++i) x = layer("vision_model.encoder.layers." + std::to_string(i), x, 2);
    x = norm("vision_model.post_layernorm", x.narrow(1, 0, count));
    const std::string head = "vision_model.head.";
    const auto weight = get(head + "attention.in_proj_weight").split(width),
               bias = get(head + "attention.in_proj_bias").split(width);
    const Tensor query = at::linear(get(head + "probe"), weight[0], bias[0]).expand({x.size(0), -1, -1});
    const Tensor mixed = attend(query, at::linear(x, weight[1], bias[1]), at::linear(x, weight[2], bias[2]), 2);
    const Tensor pooled = linear(head + "attention.out_proj", mixed).select(1, 0);
    return pooled + mlp(head + "mlp", norm(head + "layernorm", pooled));
  }

 private:
  TensorMap weights_;
  const char* gelu_;
};

Siglip siglip_of(const TensorMap& weights = random_siglip_weights()) {
  const TemporaryFolder folder;
  write_siglip(folder, weights);
  return Siglip::load(folder.path());
}

const std::vector<std::string> siglip_sentences{"a low owl", "lower."};

/// The ids of the sentences: letters from 5, blank 4, dot 31, "low" 33; the end 1, padding 0.
Tensor sentence_rows() {
  std::vector<std::int64_t> ids{5, 4, 33, 4, 19, 27, 16, 1};
  ids.resize(24, 0);
  std::vector<std::int64_t> second{33, 9, 22, 31, 1};
  second.resize(24, 0);
  ids.insert(ids.end(), second.begin(), second.end());
  return at::tensor(ids).view({2, 24});
}

Tensor siglip_pixels(std::int64_t count) { return normal_tensor({count, 3, 18, 18}, 1.0, Rng(3)["pixels"]); }

ClassList classes() { return ClassList{{"owl", "low bowl", "new towel"}, {}}; }

}  // namespace

TEST_CASE("a folder of transformers gives SiglipModel's features", "[siglip]") {
  const TensorMap weights = random_siglip_weights();
  const Siglip model = siglip_of(weights);
  const Reference reference(weights);
  CHECK(relative_difference(model.encode_image(siglip_pixels(2)), reference.images(siglip_pixels(2))) < 1e-5);
  CHECK(relative_difference(sentence_features(model, siglip_sentences),
                            reference.texts(reference.embedded(sentence_rows()))) < 1e-5);
  CHECK(relative_difference(reference.images(siglip_pixels(2)), Reference(weights, "none").images(siglip_pixels(2))) >
        1e-5);
  CHECK(model.start_token() == -1);
  CHECK(model.end_token() == 1);
  CHECK(model.context_length() == 24);
  CHECK(model.logit_scale() == Approx(20.0));
  CHECK(model.logit_bias() == Approx(-10.0));
  CHECK(model.preprocess().mode == ResizeMode::squash);
  CHECK(model.preprocess().mean[1] == 0.5F);
  CHECK(model.preprocess().resolution == 18);
}

TEST_CASE("rows together give what each gives alone, many images too", "[siglip]") {
  const Siglip model = siglip_of();
  const Tensor both = sentence_features(model, siglip_sentences);
  CHECK(relative_difference(both.narrow(0, 1, 1), sentence_features(model, {siglip_sentences[1]})) < 1e-5);
  const Tensor images = siglip_pixels(19), together = model.encode_image(images);
  REQUIRE(together.sizes() == at::IntArrayRef({19, 32}));
  CHECK(relative_difference(together.narrow(0, 17, 1), model.encode_image(images.narrow(0, 17, 1))) < 1e-5);
}

TEST_CASE("a learned context stands at the first positions, the name, its end and padding behind it", "[siglip]") {
  const TensorMap weights = random_siglip_weights();
  const Siglip model = siglip_of(weights);
  const Reference reference(weights);
  const ContextPhrase phrase = ContextPhrase::placeholders(3);
  const ContextPrompt<Siglip> prompt(model, classes(), phrase);
  const Tensor context = normal_tensor({3, 48}, 1.0, Rng(4)["context"]);
  // " low bowl." behind the context: blank, "low", blank, b o w l, dot, end.
  std::vector<std::int64_t> ids{4, 33, 4, 6, 19, 27, 16, 31, 1};
  ids.resize(21, 0);
  const Tensor row = at::cat({context, reference.embedded(at::tensor(ids))}).unsqueeze(0);
  const TextBatch batch = prompt.assemble(context, Candidates{{1}});
  CHECK(!batch.starts);
  CHECK(relative_difference(model.encode_text(batch), reference.texts(row)) < 1e-5);
  // "owl" in front of the context.
  const ContextPrompt<Siglip> front(model, classes(), phrase, ClassPosition::Front);
  std::vector<std::int64_t> rest{31, 1};
  rest.resize(17, 0);
  const Tensor name = reference.embedded(at::tensor(std::vector<std::int64_t>{4, 19, 27, 16}));
  const Tensor whole = at::cat({name, context, reference.embedded(at::tensor(rest))}).unsqueeze(0);
  CHECK(relative_difference(model.encode_text(front.assemble(context, Candidates{{0}})), reference.texts(whole)) <
        1e-5);
}

TEST_CASE("words of a context are learned token by token", "[siglip]") {
  const Siglip model = siglip_of();
  const ContextPhrase phrase = ContextPhrase::words("a low");  // a, blank, low: two are learned, the third stays
  const Tensor start = phrase_embedding(model, phrase);
  CHECK(start.equal(model.embed(at::tensor(std::vector<std::int64_t>{5, 4}))));
  const ContextPrompt<Siglip> prompt(model, classes(), phrase);
  const Tensor prompted = model.encode_text(prompt.assemble(start, Candidates{{0}}));
  CHECK(relative_difference(prompted, sentence_features(model, {"a low owl."})) < 1e-5);
  const ContextPhrase last = ContextPhrase::last_words("low", 2);  // a placeholder before it
  CHECK(phrase_embedding(model, last).select(0, 0).abs().max().item<double>() == 0);
  CHECK(phrase_embedding(model, last)
            .select(0, 1)
            .equal(model.embed(at::tensor(std::vector<std::int64_t>{4})).select(0, 0)));
}

TEST_CASE("gradients of a context are those of the reference", "[siglip]") {
  const TensorMap weights = random_siglip_weights();
  const Siglip model = siglip_of(weights);
  const Reference reference(weights);
  const ContextPrompt<Siglip> prompt(model, classes(), ContextPhrase::placeholders(2));
  const Tensor context = normal_tensor({2, 48}, 1.0, Rng(4)["context"]).requires_grad_(true);
  const Tensor direction = normal_tensor({3, 32}, 1.0, Rng(4)["direction"]);
  (model.encode_text(prompt.assemble(context, Candidates::all(3))) * direction).sum().backward();
  const Tensor gradient = context.grad().clone();
  context.mutable_grad() = Tensor();
  const std::vector<std::vector<std::int64_t>> names{
      {4, 19, 27, 16}, {4, 33, 4, 6, 19, 27, 16}, {4, 18, 9, 27, 4, 24, 19, 27, 9, 16}};
  std::vector<Tensor> rows;
  for (std::vector<std::int64_t> ids : names) {
    ids.push_back(31);
    ids.push_back(1);
    ids.resize(22, 0);
    rows.push_back(at::cat({context, reference.embedded(at::tensor(ids))}));
  }
  (reference.texts(at::stack(rows)) * direction).sum().backward();
  CHECK(relative_difference(gradient, context.grad()) < 1e-5);
}

TEST_CASE("prompts of deeper blocks replace the context, those of the image tower stand behind the patches",
          "[siglip]") {
  const TensorMap weights = random_siglip_weights();
  const Siglip model = siglip_of(weights);
  const Reference reference(weights);
  const Tensor deep = normal_tensor({2, 48}, 1.0, Rng(6)["deep"]),
               tokens = normal_tensor({3, 32}, 1.0, Rng(6)["tokens"]);
  const ContextPrompt<Siglip> prompt(model, classes(), ContextPhrase::placeholders(2));
  const Tensor context = normal_tensor({2, 48}, 1.0, Rng(4)["context"]);
  const TextBatch batch = prompt.assemble(context, Candidates{{0}});
  std::vector<std::int64_t> ids{4, 19, 27, 16, 31, 1};
  ids.resize(22, 0);
  const Tensor row = at::cat({context, reference.embedded(at::tensor(ids))}).unsqueeze(0);
  const BlockPrompts prompts{{}, {.replacement = deep, .attended = {}}};
  CHECK(relative_difference(model.encode_text(batch, prompts), reference.texts(row, deep)) < 1e-5);
  const ImagePrompts image{.tokens = tokens, .deep = {}};
  CHECK(relative_difference(model.encode_image(siglip_pixels(2), image), reference.images(siglip_pixels(2), tokens)) <
        1e-5);
  const BlockPrompts three{{}, {.replacement = normal_tensor({3, 48}, 1.0, Rng(6)["three"]), .attended = {}}};
  CHECK_THROWS_WITH(model.encode_text(batch, three), ContainsSubstring("of which the shared prefix has 2"));
}

TEST_CASE("names of timm and open_clip are those of transformers", "[siglip]") {
  const TensorMap weights = random_siglip_weights(), ours = with_openai_names(as_timm(weights)),
                  theirs = with_openai_names(as_siglip_model(weights));
  REQUIRE(ours.size() == weights.size());
  for (const auto& [name, value] : weights) {
    INFO(name);
    REQUIRE((ours.contains(name) && theirs.contains(name)));
    CHECK(ours.at(name).equal(value));
    CHECK(theirs.at(name).equal(value));
  }
}

TEST_CASE("SigLIP and CLIP are told apart, and a folder without its configuration is refused", "[siglip]") {
  const TemporaryFolder folder;
  write_siglip(folder);
  CHECK_THROWS_WITH(Clip::load(folder.path()), ContainsSubstring("is a SigLIP, expected a CLIP"));
  std::filesystem::remove(folder / "config.json");
  CHECK_THROWS_WITH(Siglip::load(folder.path()),
                    ContainsSubstring("put the model's open_clip_config.json or config.json"));
}

TEST_CASE("each setting of a SiglipConfig is honoured or refused by its key", "[siglip]") {
  const auto refused = [](const char* section, const char* key, const nlohmann::json& value,
                          const std::string& message) {
    const TemporaryFolder folder;
    nlohmann::json config = siglip_config();
    config[section][key] = value;
    write_siglip(folder, random_siglip_weights(), config);
    INFO(key);
    CHECK_THROWS_WITH(Siglip::load(folder.path()), ContainsSubstring(message));
  };
  refused("vision_config", "vision_use_head", false, "vision_config.vision_use_head is false, expected true");
  refused("vision_config", "num_channels", 4, "vision_config.num_channels is 4, expected 3");
  refused("vision_config", "num_attention_heads", 5, "vision_config.num_attention_heads is 5");
  refused("vision_config", "image_size", 24, "vision_config.image_size means 24");
  refused("vision_config", "hidden_act", "relu", "vision_config.hidden_act is \"relu\"");
  refused("vision_config", "num_patches", 256, "vision_config.num_patches is 256, a setting that mao does not know");
  refused("text_config", "projection_size", 16, "text_config.projection_size means 16");
  refused("text_config", "max_position_embeddings", 64, "text_config.max_position_embeddings means 64");
  refused("text_config", "vocab_size", 50, "text_config.vocab_size means 50");
  const TemporaryFolder folder;
  nlohmann::json config = siglip_config();
  config["model_type"] = "siglip2";
  write_siglip(folder, random_siglip_weights(), config);
  CHECK_THROWS_WITH(Siglip::load(folder.path()), ContainsSubstring("model_type is \"siglip2\""));
}

TEST_CASE("activation and epsilon of a SiglipConfig decide the features", "[siglip]") {
  const TensorMap weights = random_siglip_weights();
  nlohmann::json config = siglip_config();
  for (const char* tower : {"vision_config", "text_config"}) config[tower]["hidden_act"] = "gelu";
  const TemporaryFolder folder;
  write_siglip(folder, weights, config);
  const Siglip model = Siglip::load(folder.path());
  const Reference reference(weights, "none");
  CHECK(relative_difference(model.encode_image(siglip_pixels(2)), reference.images(siglip_pixels(2))) < 1e-5);
  CHECK(relative_difference(sentence_features(model, siglip_sentences),
                            reference.texts(reference.embedded(sentence_rows()))) < 1e-5);
  CHECK(model.fingerprint() != siglip_of(weights).fingerprint());
}

TEST_CASE("bf16 is close to fp32", "[siglip]") {
  const TemporaryFolder folder;
  write_siglip(folder);
  const Siglip half = Siglip::load(folder.path(), {.vocabulary = {}, .precision = Precision::Bf16});
  const Siglip model = Siglip::load(folder.path());
  CHECK(relative_difference(half.encode_image(siglip_pixels(2)), model.encode_image(siglip_pixels(2))) < 0.03);
  CHECK(relative_difference(sentence_features(half, siglip_sentences), sentence_features(model, siglip_sentences)) <
        0.03);
}
