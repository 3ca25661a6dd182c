// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/hugging_face_config.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include <mao/config.hpp>
#include <mao/models/detail/config_section.hpp>

namespace mao::detail {

MAO_INLINE void ignore_generic_keys(ConfigSection& section) {
  section.without_effect({"_attn_implementation",
                          "_attn_implementation_autoset",
                          "_commit_hash",
                          "_name_or_path",
                          "add_cross_attention",
                          "architectures",
                          "attention_dropout",
                          "attn_implementation",
                          "bad_words_ids",
                          "begin_suppress_tokens",
                          "bos_token_id",
                          "chunk_size_feed_forward",
                          "cross_attention_hidden_size",
                          "decoder_start_token_id",
                          "diversity_penalty",
                          "do_sample",
                          "dropout",
                          "dtype",
                          "early_stopping",
                          "encoder_no_repeat_ngram_size",
                          "exponential_decay_length_penalty",
                          "finetuning_task",
                          "forced_bos_token_id",
                          "forced_eos_token_id",
                          "gradient_checkpointing",
                          "id2label",
                          "initializer_factor",
                          "initializer_range",
                          "is_composition",
                          "is_decoder",
                          "is_encoder_decoder",
                          "label2id",
                          "length_penalty",
                          "max_length",
                          "min_length",
                          "model_type",
                          "no_repeat_ngram_size",
                          "num_beam_groups",
                          "num_beams",
                          "num_return_sequences",
                          "output_attentions",
                          "output_hidden_states",
                          "output_scores",
                          "pad_token_id",
                          "prefix",
                          "problem_type",
                          "remove_invalid_values",
                          "repetition_penalty",
                          "return_dict",
                          "return_dict_in_generate",
                          "sep_token_id",
                          "suppress_tokens",
                          "task_specific_params",
                          "temperature",
                          "tf_legacy_loss",
                          "tie_encoder_decoder",
                          "tie_word_embeddings",
                          "tokenizer_class",
                          "top_k",
                          "top_p",
                          "torch_dtype",
                          "torchscript",
                          "transformers_version",
                          "typical_p",
                          "use_bfloat16",
                          "use_cache"});
  section.unsupported({"pruned_heads", "quantization_config"});
}

/// A key whose value changes nothing here, and the values at which transformers does not stop.
struct IdleKey {
  const char* key;
  const char* expected;
  bool (*fits)(const nlohmann::json& value);
};

/// transformers declares a float, and an integer is none.
MAO_INLINE bool is_float(const nlohmann::json& value) { return value.is_number_float(); }

MAO_INLINE bool is_nothing(const nlohmann::json& value) { return value.is_null(); }

/// transformers compares it with a number.
MAO_INLINE bool is_truth(const nlohmann::json& value) {
  return value.is_null() || value.is_boolean() || value.is_number();
}

MAO_INLINE bool is_type_name(const nlohmann::json& value) {
  static constexpr std::array names{"float32", "float16", "bfloat16", "float64", "float", "half", "double"};
  return value.is_null() || std::ranges::any_of(names, [&](const char* name) { return value == name; });
}

MAO_INLINE bool is_attention_name(const nlohmann::json& value) {
  static constexpr std::array names{"eager", "sdpa", "flash_attention_2", "flash_attention_3", "flex_attention"};
  return value.is_null() || std::ranges::any_of(names, [&](const char* name) { return value == name; });
}

/// Texts by numbers.
MAO_INLINE bool is_table_of_labels(const nlohmann::json& value) {
  if (!value.is_object()) return value.is_null();
  for (const auto& [key, label] : value.items()) {
    if (key.empty() || key.find_first_not_of("0123456789") != std::string::npos) return false;
  }
  return true;
}

inline constexpr std::array idle_keys{
    IdleKey{"initializer_factor", "a number with a decimal point", &is_float},
    IdleKey{"initializer_range", "a number with a decimal point", &is_float},
    IdleKey{"layer_norm_eps", "a number with a decimal point", &is_float},
    IdleKey{"logit_scale_init_value", "a number with a decimal point", &is_float},
    IdleKey{"output_hidden_states", "true, false or null", &is_truth},
    IdleKey{"quantization_config", "none, or null: mao reads no quantized weights", &is_nothing},
    IdleKey{"dtype", "the name of a type of floating-point numbers, such as \"float32\", or null", &is_type_name},
    IdleKey{"torch_dtype", "the name of a type of floating-point numbers, such as \"float32\", or null", &is_type_name},
    IdleKey{"_attn_implementation", "\"eager\", \"sdpa\" or null", &is_attention_name},
    IdleKey{"attn_implementation", "\"eager\", \"sdpa\" or null", &is_attention_name},
    IdleKey{"id2label", "an object whose keys are numbers, or null", &is_table_of_labels}};

/// **Throws** `OptionError` for a value of such a key at which transformers stops.
MAO_INLINE void expect_idle_keys(const nlohmann::json& object, const std::string& where) {
  if (!object.is_object()) return;
  const ConfigSection section(object, where);
  for (const IdleKey& idle : idle_keys) {
    const auto found = object.find(idle.key);
    if (found != object.end() && !idle.fits(*found)) section.refuse(idle.key, idle.expected);
  }
}

/// What a configuration class sets where a key is missing.
struct TowerDefaults {
  const char* activation;
  double epsilon;
  bool null_dropout;  ///< null is a value of attention_dropout
};

inline constexpr TowerDefaults clip_defaults{"quick_gelu", 1e-5, true};
inline constexpr TowerDefaults siglip_defaults{"gelu_pytorch_tanh", 1e-6, false};

MAO_INLINE Activation hugging_face_activation(ConfigSection& tower, const TowerDefaults& defaults) {
  const std::string name = tower.text("hidden_act", defaults.activation);
  if (name == "quick_gelu") return Activation::QuickGelu;
  if (name == "gelu") return Activation::Gelu;
  if (name == "gelu_pytorch_tanh" || name == "gelu_new") return Activation::GeluTanh;
  tower.refuse("hidden_act", "\"quick_gelu\", \"gelu\", \"gelu_pytorch_tanh\" or \"gelu_new\"");
}

MAO_INLINE TowerForm hugging_face_tower(ConfigSection& tower, std::int64_t width, std::int64_t heads,
                                        const TowerDefaults& defaults = clip_defaults) {
  ignore_generic_keys(tower);
  if (tower.has("projection_dim"))
    static_cast<void>(tower.integer("projection_dim", 0));  // CLIPModel takes that of the whole
  if (!defaults.null_dropout || tower.has("attention_dropout")) {
    static_cast<void>(tower.number("attention_dropout", 0));
  }
  const TowerForm form{.heads = tower.integer("num_attention_heads", heads),
                       .activation = hugging_face_activation(tower, defaults),
                       .epsilon = tower.number("layer_norm_eps", defaults.epsilon)};
  if (width < 1) tower.refuse("hidden_size", "1 or more");
  if (form.heads < 1 || width % form.heads != 0) {
    tower.refuse("num_attention_heads", text_of("a number that divides hidden_size, ", width));
  }
  return form;
}

MAO_INLINE void read_hugging_face_vision(ConfigSection vision, ClipConfiguration& result) {
  const std::int64_t width = vision.integer("hidden_size", 768);
  result.form.vision = hugging_face_tower(vision, width, 12);
  result.state(vision, "hidden_size", &ClipArchitecture::vision_width, width);
  result.state(vision, "intermediate_size", &ClipArchitecture::vision_mlp, vision.integer("intermediate_size", 3072));
  result.state(vision, "num_hidden_layers", &ClipArchitecture::vision_layers, vision.integer("num_hidden_layers", 12));
  result.state(vision, "image_size", &ClipArchitecture::resolution, vision.integer("image_size", 224));
  result.state(vision, "patch_size", &ClipArchitecture::patch, vision.integer("patch_size", 32));
  if (vision.integer("num_channels", 3) != 3) vision.refuse("num_channels", "3");
  static_cast<void>(vision.integer("projection_dim", 0));
  vision.without_effect({"eos_token_id"});
  vision.finish();
}

/// Ids that transformers declares as integers and reads no text with.
MAO_INLINE void expect_idle_ids(ConfigSection& text) {
  for (const char* id : {"bos_token_id", "pad_token_id"}) {
    if (text.has(id)) static_cast<void>(text.integer(id, 0));
  }
}

/// transformers reads the last hidden state at the highest id when `eos_token_id` is 2, else at the first such token.
MAO_INLINE void read_hugging_face_text(ConfigSection text, ClipConfiguration& result) {
  const std::int64_t width = text.integer("hidden_size", 512), vocabulary = text.integer("vocab_size", 49408);
  result.form.text = hugging_face_tower(text, width, 8);
  result.state(text, "hidden_size", &ClipArchitecture::text_width, width);
  result.state(text, "intermediate_size", &ClipArchitecture::text_mlp, text.integer("intermediate_size", 2048));
  result.state(text, "num_hidden_layers", &ClipArchitecture::text_layers, text.integer("num_hidden_layers", 12));
  result.state(text, "max_position_embeddings", &ClipArchitecture::context,
               text.integer("max_position_embeddings", 77));
  result.state(text, "vocab_size", &ClipArchitecture::vocabulary, vocabulary);
  const std::int64_t end = text.integer("eos_token_id", 49407);
  if (end != 2 && end != vocabulary - 1) {
    text.refuse("eos_token_id", text_of(vocabulary - 1, ", the end-of-text token of CLIP's tokenizer, or 2"));
  }
  expect_idle_ids(text);
  text.finish();
}

MAO_INLINE void read_siglip_vision(ConfigSection vision, ClipConfiguration& result) {
  const std::int64_t width = vision.integer("hidden_size", 768);
  ClipForm& form = result.form;
  form.vision = hugging_face_tower(vision, width, 12, siglip_defaults);
  form.image_pooling = ImagePooling::Attention;
  form.class_token = form.image_projection = form.ln_pre = false;
  form.patch_bias = true;
  result.state(vision, "hidden_size", &ClipArchitecture::vision_width, width);
  result.state(vision, "intermediate_size", &ClipArchitecture::vision_mlp, vision.integer("intermediate_size", 3072));
  result.state(vision, "num_hidden_layers", &ClipArchitecture::vision_layers, vision.integer("num_hidden_layers", 12));
  result.state(vision, "image_size", &ClipArchitecture::resolution, vision.integer("image_size", 224));
  result.state(vision, "patch_size", &ClipArchitecture::patch, vision.integer("patch_size", 16));
  if (vision.integer("num_channels", 3) != 3) vision.refuse("num_channels", "3");
  if (!vision.flag("vision_use_head", true)) vision.refuse("vision_use_head", "true");
  vision.without_effect({"eos_token_id"});
  vision.finish();
}

/// Start, end and padding are those of the tokenizer: the ids here are CLIP's, by a mistake that transformers keeps.
MAO_INLINE void read_siglip_text(ConfigSection text, ClipConfiguration& result) {
  const std::int64_t width = text.integer("hidden_size", 768);
  ClipForm& form = result.form;
  form.text = hugging_face_tower(text, width, 12, siglip_defaults);
  form.causal = form.text_start = false;
  form.text_pooling = TextPooling::Last;
  form.text_bias = true;
  result.state(text, "hidden_size", &ClipArchitecture::text_width, width);
  result.state(text, "intermediate_size", &ClipArchitecture::text_mlp, text.integer("intermediate_size", 3072));
  result.state(text, "num_hidden_layers", &ClipArchitecture::text_layers, text.integer("num_hidden_layers", 12));
  result.state(text, "max_position_embeddings", &ClipArchitecture::context,
               text.integer("max_position_embeddings", 64));
  result.state(text, "vocab_size", &ClipArchitecture::vocabulary, text.integer("vocab_size", 32000));
  const std::int64_t embed = text.has("projection_size") ? text.integer("projection_size", width) : width;
  result.state(text, "projection_size", &ClipArchitecture::embed, embed);
  expect_idle_ids(text);
  if (text.is_list("eos_token_id")) {
    static_cast<void>(text.integers("eos_token_id"));
  } else if (text.has("eos_token_id")) {
    static_cast<void>(text.integer("eos_token_id", 0));
  }
  text.finish();
}

/// SiglipModel: SigLIP, and SigLIP 2 of one resolution.
MAO_INLINE ClipConfiguration read_siglip_config(ConfigSection root, const std::string& where) {
  ignore_generic_keys(root);
  root.without_effect({"model_type", "projection_dim"});
  ClipConfiguration result{.where = where, .form = {}, .sizes = {}};
  result.pieces = "transformers";
  read_siglip_vision(root.section("vision_config"), result);
  read_siglip_text(root.section("text_config"), result);
  root.finish();
  return result;
}

/// Old files hold a tower's settings twice; transformers lets those of `text_config_dict` win, defaults included.
MAO_INLINE ConfigSection hugging_face_section(ConfigSection& root, const std::string& key) {
  const bool again = root.has(key + "_dict"), once = root.has(key);
  return root.section(again || !once ? key + "_dict" : key);
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE ClipConfiguration read_hugging_face_config(const nlohmann::json& file, const std::string& where) {
  detail::expect_idle_keys(file, where + ": ");
  for (const char* tower : {"text_config", "text_config_dict", "vision_config", "vision_config_dict"}) {
    if (file.contains(tower)) detail::expect_idle_keys(file[tower], text_of(where, ": ", tower, '.'));
  }
  ConfigSection root(file, where + ": ", ConfigNull::Refused);
  const std::string type = root.text("model_type", "clip");
  if (type == "siglip") return detail::read_siglip_config(std::move(root), where);
  if (type != "clip") root.refuse("model_type", "\"clip\" or \"siglip\", which SigLIP 2 of one resolution is too");
  detail::ignore_generic_keys(root);
  root.without_effect({"logit_scale_init_value"});
  ClipConfiguration result{.where = where, .form = {}, .sizes = {}};
  result.state(root, "projection_dim", &ClipArchitecture::embed, root.integer("projection_dim", 512));
  detail::read_hugging_face_vision(detail::hugging_face_section(root, "vision_config"), result);
  detail::read_hugging_face_text(detail::hugging_face_section(root, "text_config"), result);
  root.finish();
  return result;
}

}  // namespace mao
