// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A small BiomedCLIP with random weights in open_clip's layout, with a tokenizer of letters.

#include <cmath>
#include <string>

#include <ATen/ops/scalar_tensor.h>
#include <nlohmann/json.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/core/random.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/models/architecture.hpp>
#include <mao/prompts/phrase.hpp>

#include <support/siglip_weights.hpp>
#include <support/temporary_folder.hpp>

namespace mao_test {

/// timm's `vit_tiny_patch8_16` of two layers, and a BERT of two layers with 32 positions, of which a row takes 24.
inline mao::ClipArchitecture small_biomed_clip() {
  return {.embed = 24,
          .resolution = 16,
          .patch = 8,
          .vision_width = 192,
          .vision_layers = 2,
          .vision_mlp = 768,
          .context = 24,
          .vocabulary = 64,
          .text_width = 48,
          .text_layers = 2,
          .text_mlp = 64,
          .text_positions = 32,
          .text_types = 2};
}

inline mao::ClipForm biomed_clip_form() {
  mao::ClipForm form;
  form.vision = {.heads = 3, .activation = mao::Activation::Gelu, .epsilon = 1e-6};
  form.text = {.heads = 3, .activation = mao::Activation::Gelu, .epsilon = 1e-12};
  form.ln_pre = form.causal = false;
  form.patch_bias = form.text_bert = form.text_mlp = true;
  form.text_pooling = mao::TextPooling::First;
  return form;
}

/// Every tensor of such a checkpoint under mao's names: scales around 1, all else small and random.
inline mao::TensorMap random_biomed_clip_weights(const mao::ClipArchitecture& sizes = small_biomed_clip(),
                                                 const mao::ClipForm& form = biomed_clip_form()) {
  const mao::Rng rng = mao::Rng(5)["small BiomedCLIP"];
  mao::TensorMap weights{{"logit_scale", at::scalar_tensor(std::log(20.0), at::kFloat)}};
  for (const auto& [name, shape] : mao::detail::expected_shapes(sizes, form)) {
    const std::int64_t inputs = shape.size() == 1 ? 1 : name.find("embeddings.") != name.npos ? 4 : shape.back();
    const mao::Tensor x = mao::normal_tensor(shape, 1.0, rng[name]);
    const bool scale = shape.size() == 1 && name.ends_with(".weight");
    weights[name] = scale               ? 1.0 + 0.2 * x
                    : shape.size() == 1 ? 0.3 * x
                                        : 1.2 * x / std::sqrt(static_cast<double>(inputs));
  }
  return weights;
}

/// As open_clip names them.
inline mao::TensorMap as_open_clip_bert(const mao::TensorMap& weights) {
  mao::TensorMap own;
  for (const auto& [name, value] : as_timm(weights)) {
    if (name == "visual.trunk.class_embedding") {
      own["visual.trunk.cls_token"] = value.view({1, 1, -1});
    } else if (name == "visual.trunk.proj") {
      own["visual.head.proj.weight"] = value.t().contiguous();
    } else if (name == "text.text_projection") {
      own[weights.contains("text_projection_fc.weight") ? "text.proj.2.weight" : "text.proj.weight"] =
          value.t().contiguous();
    } else if (name == "text.text_projection_fc.weight") {
      own["text.proj.0.weight"] = value;
    } else {
      own[name] = value;
    }
  }
  return own;
}

/// The `open_clip_config.json` of such a model.
inline nlohmann::json biomed_clip_config(const mao::ClipArchitecture& sizes = small_biomed_clip()) {
  return {{"model_cfg",
           {{"embed_dim", sizes.embed},
            {"vision_cfg",
             {{"timm_model_name", "vit_tiny_patch8_16"},
              {"timm_model_pretrained", false},
              {"timm_pool", ""},
              {"timm_proj", "linear"},
              {"image_size", sizes.resolution}}},
            {"text_cfg",
             {{"hf_model_name", "example/small-bert-uncased"},
              {"hf_tokenizer_name", "example/small-bert-uncased"},
              {"hf_proj_type", "mlp"},
              {"hf_pooler_type", "cls_last_hidden_state_pooler"},
              {"context_length", sizes.context}}}}},
          {"preprocess_cfg", nlohmann::json::object()}};
}

/// The BERT's own `config.json`.
inline nlohmann::json small_bert_config(const mao::ClipArchitecture& sizes = small_biomed_clip()) {
  return {{"model_type", "bert"},
          {"architectures", {"BertForMaskedLM"}},
          {"hidden_size", sizes.text_width},
          {"intermediate_size", sizes.text_mlp},
          {"num_hidden_layers", sizes.text_layers},
          {"num_attention_heads", 3},
          {"max_position_embeddings", sizes.text_positions},
          {"type_vocab_size", sizes.text_types},
          {"vocab_size", sizes.vocabulary},
          {"hidden_dropout_prob", 0.1}};
}

/// [PAD] to [MASK] are 0 to 4, letters 5 to 30, letters inside a word 31 to 56, then ".", "low", "##er", "photo", "of".
inline std::vector<std::string> bert_tokens() {
  std::vector<std::string> tokens{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  for (const char* before : {"", "##"}) {
    for (char letter = 'a'; letter <= 'z'; ++letter) tokens.push_back(before + std::string(1, letter));
  }
  for (const char* more : {".", "low", "##er", "photo", "of"}) tokens.emplace_back(more);
  return tokens;
}

inline std::string bert_vocabulary() {
  std::string lines;
  for (const std::string& token : bert_tokens()) lines += token + "\n";
  return lines;
}

/// A tokenizer.json with these tokens, as transformers writes it for an uncased BERT.
inline nlohmann::json bert_tokenizer_json() {
  auto file = nlohmann::json::parse(R"({"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
    "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
      "lowercase": true},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
      "max_input_chars_per_word": 100, "vocab": {}}})");
  const auto tokens = bert_tokens();
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    file["model"]["vocab"][tokens[id]] = id;
    if (id > 4) continue;
    file["added_tokens"].push_back({{"id", id},
                                    {"content", tokens[id]},
                                    {"single_word", false},
                                    {"lstrip", false},
                                    {"rstrip", false},
                                    {"normalized", false},
                                    {"special", true}});
  }
  return file;
}

/// The `tokenizer_config.json` of BiomedCLIP's kind.
inline nlohmann::json bert_tokenizer_config() {
  return {{"tokenizer_class", "BertTokenizer"},
          {"do_lower_case", true},
          {"strip_accents", nullptr},
          {"tokenize_chinese_chars", true},
          {"do_basic_tokenize", true},
          {"never_split", nullptr},
          {"model_max_length", 1000000},
          {"pad_token", "[PAD]"},
          {"unk_token", "[UNK]"},
          {"cls_token", "[CLS]"},
          {"sep_token", "[SEP]"},
          {"mask_token", "[MASK]"}};
}

/// A folder of open_clip with these weights, given under mao's names.
inline void write_biomed_clip(const TemporaryFolder& folder,
                              const mao::TensorMap& weights = random_biomed_clip_weights(),
                              const nlohmann::json& config = biomed_clip_config(),
                              const nlohmann::json& bert = small_bert_config()) {
  mao::write_safetensors(folder / "open_clip_model.safetensors", as_open_clip_bert(weights));
  folder.write("open_clip_config.json", config.dump());
  folder.write("config.json", bert.dump());
  folder.write("vocab.txt", bert_vocabulary());
  folder.write("tokenizer_config.json", bert_tokenizer_config().dump());
}

}  // namespace mao_test
