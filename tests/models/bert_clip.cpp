// SPDX-License-Identifier: Apache-2.0
#include <mao/models/bert_clip.hpp>

#include <cmath>

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include <mao/models/clip_model.hpp>
#include <mao/models/siglip.hpp>
#include <mao/prompts/context.hpp>
#include <mao/prompts/templates.hpp>

#include <support/bert_weights.hpp>
#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;
using namespace mao_test;

namespace {

/// open_clip's HFTextEncoder over BertModel in formulas, written from their description: rows are padded to the context
/// and the padding is masked.
class BertReference {
 public:
  explicit BertReference(const TensorMap& weights) : weights_(as_open_clip_bert(weights)) {}

  /// **Shapes** embeddings [R, L, W], real [R, L] bool -> [R, D].
  [[nodiscard]] Tensor texts(const Tensor& embeddings, const Tensor& real) const {
    const std::int64_t length = embeddings.size(1);
    Tensor x = embeddings + get("embeddings.position_embeddings.weight").narrow(0, 0, length);
    x = norm("embeddings.LayerNorm", x + get("embeddings.token_type_embeddings.weight")[0]);
    for (int i = 0; i < 2; ++i) x = layer("encoder.layer." + std::to_string(i) + ".", x, real);
    const Tensor hidden = at::gelu(at::linear(x.select(1, 0), weights_.at("text.proj.0.weight")));
    return at::linear(hidden, weights_.at("text.proj.2.weight"));
  }

  /// **Shape** ids [L] -> [L, W].
  [[nodiscard]] Tensor embedded(const std::vector<std::int64_t>& ids) const {
    return get("embeddings.word_embeddings.weight").index_select(0, at::tensor(ids));
  }

 private:
  [[nodiscard]] Tensor get(const std::string& name) const { return weights_.at("text.transformer." + name); }
  [[nodiscard]] Tensor norm(const std::string& name, const Tensor& x) const {
    return at::layer_norm(x, {x.size(-1)}, get(name + ".weight"), get(name + ".bias"), 1e-12);
  }
  [[nodiscard]] Tensor linear(const std::string& name, const Tensor& x) const {
    return at::linear(x, get(name + ".weight"), get(name + ".bias"));
  }
  [[nodiscard]] Tensor layer(const std::string& name, const Tensor& x, const Tensor& real) const {
    const auto heads = [&](const char* part) {
      return linear(name + "attention.self." + part, x).unflatten(-1, {3, -1}).transpose(1, 2);
    };
    const Tensor scores = at::matmul(heads("query"), heads("key").transpose(-2, -1)) / std::sqrt(16.0);
    const Tensor masked = at::where(real.unsqueeze(1).unsqueeze(1), scores, at::full({}, -1e30));
    const Tensor mixed = at::matmul(at::softmax(masked, -1), heads("value")).transpose(1, 2).flatten(-2);
    const Tensor attended =
        norm(name + "attention.output.LayerNorm", x + linear(name + "attention.output.dense", mixed));
    const Tensor wide = at::gelu(linear(name + "intermediate.dense", attended));
    return norm(name + "output.LayerNorm", attended + linear(name + "output.dense", wide));
  }

  TensorMap weights_;
};

BertClip small_bert_clip(const TensorMap& weights = random_biomed_clip_weights(),
                         Precision precision = Precision::Fp32) {
  const TemporaryFolder folder;
  write_biomed_clip(folder, weights);
  return BertClip::load(folder.path(), {.vocabulary = {}, .precision = precision});
}

/// Rows of [CLS], these ids, [SEP] and padding; `context` [n, W] stands in for the first n ids where it is defined.
Tensor reference_texts(const BertReference& reference, std::vector<std::vector<std::int64_t>> rows,
                       const Tensor& context = {}) {
  std::vector<Tensor> embeddings, real;
  const std::int64_t learned = context.defined() ? context.size(0) : 0;
  for (std::vector<std::int64_t>& ids : rows) {
    ids.insert(ids.begin(), 2);
    ids.push_back(3);
    real.push_back(at::arange(24).lt(std::ssize(ids)));
    ids.resize(24, 0);
    const Tensor row = reference.embedded(ids);
    embeddings.push_back(
        learned == 0 ? row : at::cat({row.narrow(0, 0, 1), context, row.narrow(0, 1 + learned, 23 - learned)}));
  }
  return reference.texts(at::stack(embeddings), at::stack(real));
}

const std::vector<std::string> bert_sentences{"A photo  of a L\u00f3wer owl.", "low"};
/// "a photo of a lower owl.": letters from 5, letters inside a word from 31.
const std::vector<std::vector<std::int64_t>> bert_sentence_tokens{{5, 60, 61, 5, 58, 59, 19, 53, 42, 57}, {58}};

Tensor bert_pixels(std::int64_t count) { return normal_tensor({count, 3, 16, 16}, 1.0, Rng(3)["pixels"]); }

ClassList bert_classes() { return ClassList{{"owl", "low bowl", "new towel"}, {}}; }

}  // namespace

TEST_CASE("a folder of open_clip gives the features of BertModel behind its projection", "[bert_clip]") {
  const TensorMap weights = random_biomed_clip_weights();
  const BertClip model = small_bert_clip(weights);
  CHECK(model.tokenize(bert_sentences[0]) == bert_sentence_tokens[0]);
  const Tensor texts = sentence_features(model, bert_sentences);
  CHECK(texts.sizes() == at::IntArrayRef({2, 24}));
  CHECK(relative_difference(texts, reference_texts(BertReference(weights), bert_sentence_tokens)) < 1e-5);
  CHECK(relative_difference(texts.narrow(0, 1, 1), sentence_features(model, {bert_sentences[1]})) < 1e-5);
  CHECK(model.start_token() == 2);
  CHECK(model.end_token() == 3);
  CHECK(model.context_length() == 24);
  CHECK(model.logit_scale() == Approx(20.0));
  CHECK(model.preprocess() == Preprocess{.resolution = 16});
  CHECK(model.weights().form == biomed_clip_form());
  CHECK(model.weights().sizes == small_biomed_clip());
}

TEST_CASE("many images give what each gives alone, through timm's ViT", "[bert_clip]") {
  const BertClip model = small_bert_clip();
  const Tensor images = bert_pixels(19), together = model.encode_image(images);
  REQUIRE(together.sizes() == at::IntArrayRef({19, 24}));
  CHECK(relative_difference(together.narrow(0, 17, 1), model.encode_image(images.narrow(0, 17, 1))) < 1e-5);
  CHECK(together.equal(model.encode_image(images)));
  const VisionTower tower(random_biomed_clip_weights(), small_biomed_clip(), biomed_clip_form());
  CHECK(relative_difference(together, tower.encode(images)) < 1e-5);
}

TEST_CASE("a learned context stands behind [CLS]; its gradient is that of the reference", "[bert_clip]") {
  const TensorMap weights = random_biomed_clip_weights();
  const BertClip model = small_bert_clip(weights);
  const ContextPrompt<BertClip> prompt(model, bert_classes(), ContextPhrase::placeholders(2));
  const Tensor context = normal_tensor({2, 48}, 1.0, Rng(4)["context"]).requires_grad_(true);
  const Tensor direction = normal_tensor({3, 24}, 1.0, Rng(4)["direction"]);
  const Tensor features = model.encode_text(prompt.assemble(context, Candidates::all(3)));
  (features * direction).sum().backward();
  const Tensor gradient = context.grad().clone();
  context.mutable_grad() = Tensor();
  const std::vector<std::vector<std::int64_t>> rows{
      {28, 28, 19, 53, 42, 57}, {28, 28, 58, 6, 45, 53, 42, 57}, {28, 28, 18, 35, 53, 24, 45, 53, 35, 42, 57}};
  const Tensor expected = reference_texts(BertReference(weights), rows, context);
  CHECK(relative_difference(features, expected) < 1e-5);
  (expected * direction).sum().backward();
  CHECK(relative_difference(gradient, context.grad()) < 1e-5);
}

TEST_CASE("a context of words starts as the sentence with these words", "[bert_clip]") {
  const BertClip model = small_bert_clip();
  const ContextPhrase phrase = ContextPhrase::words("a photo of a");
  const Tensor start = phrase_embedding(model, phrase);
  const ContextPrompt<BertClip> prompt(model, bert_classes(), phrase);
  const Tensor prompted = model.encode_text(prompt.assemble(start, Candidates{{1}}));
  CHECK(relative_difference(prompted, sentence_features(model, {"a photo of a low bowl."})) < 1e-5);
}

TEST_CASE("texts are cleaned as open_clip does before WordPiece sees them", "[bert_clip]") {
  const BertClip model = small_bert_clip();
  CHECK(model.tokenize("l&oacute;w \t\n OF") == std::vector<std::int64_t>{58, 61});  // HTML, white space, case, accents
  CHECK(model.tokenize("low[SEP]low") == std::vector<std::int64_t>{58, 3, 58});
  CHECK_THROWS_WITH(model.tokenize("low [PAD] owl"), ContainsSubstring("holds [PAD], which the text tower masks"));
  CHECK_THROWS_AS(sentence_features(model, {"an owl without any end, of low words"}), DataError);
  CHECK(sentence_features(model, {"an owl without any end, of low words"}, LongText::Cut).sizes() ==
        at::IntArrayRef({1, 24}));
  nlohmann::json config = biomed_clip_config();
  config["model_cfg"]["text_cfg"]["tokenizer_kwargs"] = {{"clean", "canonicalize"}};
  const TemporaryFolder folder;
  write_biomed_clip(folder, random_biomed_clip_weights(), config);
  CHECK(BertClip::load(folder.path()).tokenize("low_of.") == std::vector<std::int64_t>{58, 61});
}

TEST_CASE("a linear projection, and none where the features are as wide as the tower", "[bert_clip]") {
  for (const nlohmann::json& projection : {nlohmann::json("linear"), nlohmann::json()}) {
    ClipArchitecture sizes = small_biomed_clip();
    ClipForm form = biomed_clip_form();
    form.text_mlp = false;
    form.text_projection = !projection.is_null();
    if (projection.is_null()) sizes.embed = 48;
    nlohmann::json config = biomed_clip_config(sizes);
    config["model_cfg"]["text_cfg"]["hf_proj_type"] = projection;
    const TemporaryFolder folder;
    const TensorMap weights = random_biomed_clip_weights(sizes, form);
    write_biomed_clip(folder, weights, config);
    const BertClip model = BertClip::load(folder.path());
    CHECK(model.weights().form == form);
    const Tensor features = sentence_features(model, bert_sentences);
    CHECK(features.size(1) == sizes.embed);
    ClipWeights bare;  // the features before the projection
    bare.tensors = weights;
    bare.sizes = sizes;
    bare.form = form;
    bare.form.text_projection = false;
    const Tensor hidden = sentence_features(BertClip({std::move(bare), WordPiece(bert_tokens())}), bert_sentences);
    const Tensor expected = form.text_projection ? at::matmul(hidden, weights.at("text_projection")) : hidden;
    CHECK(relative_difference(features, expected) < 1e-5);
  }
}

TEST_CASE("models of another kind are told apart", "[bert_clip]") {
  const TemporaryFolder bert, siglip, bare;
  write_biomed_clip(bert);
  write_siglip(siglip);
  CHECK_THROWS_WITH(Clip::load(bert.path()), ContainsSubstring("has a BERT as text tower, expected CLIP's own"));
  CHECK_THROWS_WITH(BertClip::load(siglip.path()), ContainsSubstring("(in C++ Siglip reads it)"));
  CHECK_THROWS_WITH(Siglip::load(bert.path()), ContainsSubstring("expected a SigLIP"));
  write_safetensors(bare / "model.safetensors", as_open_clip_bert(random_biomed_clip_weights()));
  CHECK_THROWS_WITH(BertClip::load(bare.path()), ContainsSubstring("a BERT for texts (BiomedCLIP) that "
                                                                   "open_clip_config.json describes"));
  TensorFile whole{as_open_clip_bert(random_biomed_clip_weights()), {}};
  whole.modules[""] = {"open_clip.model.CustomTextCLIP", {}};
  CHECK_THROWS_WITH(prepare_clip_weights(whole, bert.path()), ContainsSubstring("save its state dict"));
}

TEST_CASE("tensors and sizes that do not fit the configuration are refused by name", "[bert_clip]") {
  const auto refused = [](const TensorMap& weights, const nlohmann::json& config, const std::string& message) {
    const TemporaryFolder folder;
    write_biomed_clip(folder, weights, config);
    CHECK_THROWS_WITH(BertClip::load(folder.path()), ContainsSubstring(message));
  };
  TensorMap weights = random_biomed_clip_weights();
  weights["transformer.pooler.dense.weight"] = weights.at("transformer.encoder.layer.0.attention.self.query.weight");
  refused(weights, biomed_clip_config(), "the tensor transformer.pooler.dense.weight [48, 48] is not part of the CLIP");
  weights = random_biomed_clip_weights();
  weights.erase("transformer.encoder.layer.1.output.LayerNorm.bias");
  refused(weights, biomed_clip_config(), "no tensor transformer.encoder.layer.1.output.LayerNorm.bias");
  nlohmann::json config = biomed_clip_config();
  config["model_cfg"]["text_cfg"]["context_length"] = 33;
  refused(random_biomed_clip_weights(), config, "text_cfg.context_length is 33, but the text tower has 32 positions");
  config = biomed_clip_config();
  config["model_cfg"]["text_cfg"]["hf_proj_type"] = "linear";
  refused(random_biomed_clip_weights(), config, "text_projection has shape [36, 24], expected [48, 24]");
}

TEST_CASE("a tokenizer of another model, or none, is refused", "[bert_clip]") {
  const TemporaryFolder folder, other;
  write_biomed_clip(folder);
  std::filesystem::remove(folder / "vocab.txt");
  CHECK_THROWS_WITH(BertClip::load(folder.path()), ContainsSubstring("put vocab.txt or tokenizer.json"));
  nlohmann::json json = bert_tokenizer_json();
  folder.write("tokenizer.json", json.dump());
  const BertClip model = BertClip::load(folder.path());
  CHECK(model.fingerprint() == small_bert_clip().fingerprint());
  CHECK(model.tokenize(bert_sentences[0]) == bert_sentence_tokens[0]);
  folder.write("vocab.txt", bert_vocabulary());
  CHECK(BertClip::load(folder.path()).fingerprint() == model.fingerprint());
  folder.write("vocab.txt", bert_vocabulary() + "towel\n");
  CHECK_THROWS_WITH(BertClip::load(folder.path()), ContainsSubstring("hold different tokens"));
  CHECK(BertClip::load(folder.path(), {.vocabulary = folder / "vocab.txt"}).fingerprint() != model.fingerprint());
  std::string many = bert_vocabulary();
  for (char letter = 'a'; letter <= 'd'; ++letter) many += "more" + std::string(1, letter) + "\n";
  CHECK_THROWS_WITH(BertClip::load(folder.path(), {.vocabulary = other.write("vocab.txt", many)}),
                    ContainsSubstring("the tokenizer has 66 tokens, the word embeddings have 64 rows"));
  other.write("vocab.txt", "[UNK]\n" + bert_vocabulary().substr(0, 6) + bert_vocabulary().substr(12));
  CHECK_THROWS_WITH(BertClip::load(folder.path(), {.vocabulary = other / "vocab.txt"}),
                    ContainsSubstring("[PAD] is token 1 of the tokenizer, but the model masks token 0"));
  json["normalizer"]["lowercase"] = false;
  folder.write("tokenizer.json", json.dump());
  CHECK_THROWS_WITH(BertClip::load(folder.path()), ContainsSubstring("normalizer.lowercase is false"));
}

TEST_CASE("bf16 is close to fp32 beside a BERT", "[bert_clip]") {
  const BertClip half = small_bert_clip(random_biomed_clip_weights(), Precision::Bf16), model = small_bert_clip();
  CHECK(relative_difference(half.encode_image(bert_pixels(2)), model.encode_image(bert_pixels(2))) < 0.03);
  CHECK(relative_difference(sentence_features(half, bert_sentences), sentence_features(model, bert_sentences)) < 0.03);
}
