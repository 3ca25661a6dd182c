// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/bert_config.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <mao/config.hpp>
#include <mao/io/files.hpp>
#include <mao/models/architecture.hpp>
#include <mao/models/hugging_face_config.hpp>
#include <mao/text/bert.hpp>

namespace mao::detail {

/// Published uncased BERTs of the base size, whose config.json has BertConfig's defaults.
inline constexpr std::array<std::string_view, 6> known_berts = {
    "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract",
    "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract-fulltext",
    "microsoft/BiomedNLP-PubMedBERT-base-uncased-abstract",
    "microsoft/BiomedNLP-PubMedBERT-base-uncased-abstract-fulltext",
    "bert-base-uncased",
    "google-bert/bert-base-uncased"};

/// The `config.json` beside the configuration, if it is a BERT's.
MAO_INLINE std::optional<ConfigSection> bert_file_beside(const std::string& where) {
  const auto path = std::filesystem::path(where).parent_path() / "config.json";
  if (!std::filesystem::is_regular_file(path)) return std::nullopt;
  auto file = parse_config(read_text_file(path), path.string());
  if (!file.contains("model_type") || file["model_type"] != "bert") return std::nullopt;
  return ConfigSection(std::move(file), path.string() + ": ", ConfigNull::Refused);
}

/// BertConfig. What only training or generation uses is without effect.
MAO_INLINE void read_bert_file(ConfigSection bert, ClipConfiguration& result) {
  const std::int64_t width = bert.integer("hidden_size", 768);
  TowerForm& form = result.form.text;
  form.heads = bert.integer("num_attention_heads", 12);
  if (width < 1) bert.refuse("hidden_size", "1 or more");
  if (form.heads < 1 || width % form.heads != 0) {
    bert.refuse("num_attention_heads", text_of("a number that divides hidden_size, ", width));
  }
  if (bert.text("hidden_act", "gelu") != "gelu") bert.refuse("hidden_act", "\"gelu\"");
  if (bert.number("layer_norm_eps", bert_norm_epsilon) != bert_norm_epsilon) {
    bert.refuse("layer_norm_eps", text_of(bert_norm_epsilon));
  }
  if (bert.text("position_embedding_type", "absolute") != "absolute") {
    bert.refuse("position_embedding_type", "\"absolute\"");
  }
  bert.unsupported({"is_decoder", "add_cross_attention"});
  result.form.text_padding = bert.integer("pad_token_id", 0);
  result.state(bert, "hidden_size", &ClipArchitecture::text_width, width);
  result.state(bert, "intermediate_size", &ClipArchitecture::text_mlp, bert.integer("intermediate_size", 3072));
  result.state(bert, "num_hidden_layers", &ClipArchitecture::text_layers, bert.integer("num_hidden_layers", 12));
  result.state(bert, "vocab_size", &ClipArchitecture::vocabulary, bert.integer("vocab_size", 30522));
  result.state(bert, "max_position_embeddings", &ClipArchitecture::text_positions,
               bert.integer("max_position_embeddings", 512));
  result.state(bert, "type_vocab_size", &ClipArchitecture::text_types, bert.integer("type_vocab_size", 2));
  bert.without_effect({"attention_probs_dropout_prob", "classifier_dropout", "eos_token_id", "hidden_dropout_prob"});
  ignore_generic_keys(bert);
  bert.finish();
}

/// Heads, activation and sizes of the encoder. Depth and vocabulary of a known name are what the tensors have, as with
/// towers of timm.
MAO_INLINE void read_bert_encoder(ConfigSection& text, ClipConfiguration& result) {
  const std::string name = text.text("hf_model_name", "");
  result.form.text = {.heads = 12, .activation = Activation::Gelu, .epsilon = bert_norm_epsilon};
  if (auto file = bert_file_beside(result.where)) return read_bert_file(std::move(*file), result);
  if (std::ranges::find(known_berts, name) == known_berts.end()) {
    text.refuse("hf_model_name",
                text_of("an uncased BERT: \"", known_berts.front(), "\" (BiomedCLIP), \"", known_berts.back(),
                        "\", or another whose config.json, of model_type \"bert\", is beside this "
                        "file"));
  }
  result.state(text, "hf_model_name", &ClipArchitecture::text_width, 768);
  result.state(text, "hf_model_name", &ClipArchitecture::text_mlp, 3072);
}

MAO_INLINE ConfigSection tokenizer_keywords(ConfigSection& text) {
  if (text.is_null("tokenizer_kwargs")) {
    text.refuse("tokenizer_kwargs", "an object, or no such key: open_clip stops at a null");
  }
  return text.section("tokenizer_kwargs");
}

MAO_INLINE void read_bert_tokenizer(ConfigSection& text, ClipConfiguration& result) {
  if (!text.has("hf_tokenizer_name") || text.text("hf_tokenizer_name", "").empty()) {
    text.refuse("hf_tokenizer_name", "the name of the BERT, whose tokenizer it is");
  }
  ConfigSection tokenizer = tokenizer_keywords(text);
  result.words = tokenizer.text("clean", "whitespace");
  if (result.words != "canonicalize" && result.words != "lower" && result.words != "whitespace") {
    tokenizer.refuse("clean", "\"canonicalize\", \"lower\" or \"whitespace\"");
  }
  tokenizer.unsupported({"strip_sep_token"});
  tokenizer.finish();
  text.unsupported({"tokenizer_mode", "output_tokens"});
}

/// What only open_clip's own text tower has is without effect, as in open_clip.
MAO_INLINE void ignore_settings_of_own_text(ConfigSection& text) {
  text.without_effect({"act_kwargs",
                       "block_type",
                       "embed_cls",
                       "eos_id",
                       "final_ln_after_pool",
                       "heads",
                       "hf_model_pretrained",
                       "layers",
                       "ls_init_value",
                       "mlp_ratio",
                       "no_causal_mask",
                       "norm_kwargs",
                       "pad_id",
                       "pool_type",
                       "proj_bias",
                       "proj_type",
                       "qk_norm",
                       "scale_attn",
                       "scale_attn_inner",
                       "scale_fc",
                       "scale_heads",
                       "scaled_cosine_attn",
                       "vocab_size",
                       "width"});
}

MAO_INLINE void read_bert_text(ConfigSection text, ClipConfiguration& result) {
  ClipForm& form = result.form;
  form.text_bert = true;
  form.causal = false;
  form.text_pooling = TextPooling::First;
  result.custom_text = true;  // such a tower stands below text. in any case
  read_bert_encoder(text, result);
  read_bert_tokenizer(text, result);
  if (text.text("hf_pooler_type", "mean_pooler") != "cls_last_hidden_state_pooler") {
    text.refuse("hf_pooler_type", "\"cls_last_hidden_state_pooler\"");
  }
  const std::string projection = text.is_null("hf_proj_type") ? "" : text.text("hf_proj_type", "mlp");
  if (!projection.empty() && projection != "mlp" && projection != "linear") {
    text.refuse("hf_proj_type", "\"mlp\", \"linear\" or null");
  }
  form.text_projection = !projection.empty();
  form.text_mlp = projection == "mlp";
  result.context = text.integer("context_length", 77);
  if (result.context < 3) text.refuse("context_length", "3 or more: start, a token and end");
  ignore_settings_of_own_text(text);
  text.finish();
}

}  // namespace mao::detail
