// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/open_clip_config.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mao/config.hpp>
#include <mao/models/detail/bert_config.hpp>
#include <mao/models/detail/config_section.hpp>
#include <mao/models/detail/timm_config.hpp>

namespace mao::detail {

/// What `vision_cfg` and `text_cfg` say alike. `width` and `layers` are their defaults.
MAO_INLINE void read_open_clip_tower(ConfigSection& tower, bool quick_gelu, TowerForm& form, bool& layer_scale) {
  form.activation = quick_gelu ? Activation::QuickGelu : Activation::Gelu;
  if (tower.has("act_kwargs")) {
    ConfigSection arguments = tower.section("act_kwargs");
    const std::string kind = arguments.text("approximate", "none");
    if (kind != "none" && kind != "tanh") arguments.refuse("approximate", "\"none\" or \"tanh\"");
    if (kind == "tanh" && quick_gelu) arguments.refuse("approximate", "\"none\" where quick_gelu is true");
    if (kind == "tanh") form.activation = Activation::GeluTanh;
    arguments.finish();
  }
  if (tower.has("norm_kwargs")) {
    ConfigSection arguments = tower.section("norm_kwargs");
    form.epsilon = arguments.number("eps", 1e-5);
    arguments.finish();
  }
  layer_scale = tower.has("ls_init_value");
  if (const std::string block = tower.text("block_type", "default"); block != "default" && block != "custom") {
    tower.refuse("block_type", "\"default\" or \"custom\"");
  }
  tower.unsupported({"qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn", "scale_fc"});
}

/// CLIP's ResNets, told by a list of layers. What only a ViT has is without effect on them, as in open_clip.
MAO_INLINE void read_open_clip_resnet(ConfigSection vision, bool quick_gelu, ClipConfiguration& result) {
  vision.without_effect({"patch_size", "mlp_ratio", "ls_init_value", "patch_dropout", "attentional_pool",
                         "attn_pooler_queries", "attn_pooler_heads", "no_ln_pre", "pos_embed_type",
                         "final_ln_after_pool", "pool_type", "output_tokens", "act_kwargs", "norm_kwargs", "block_type",
                         "qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn", "scale_fc",
                         "timm_model_pretrained", "timm_pool", "timm_proj", "timm_proj_bias", "timm_drop",
                         "timm_drop_path"});
  const std::vector<std::int64_t> layers = vision.integers("layers");
  if (layers.size() != 4 || layers.front() < 1) vision.refuse("layers", "one number, or four of a ResNet");
  const std::int64_t width = vision.integer("width", 768), head = vision.integer("head_width", 64);
  if (width < 1) vision.refuse("width", "1 or more");
  if (head < 1 || (32 * width) % head != 0) {
    vision.refuse("head_width", text_of("one that divides the ", 32 * width, " channels of the last stage"));
  }
  result.form.vision.heads = 32 * width / head;
  result.form.vision.activation = quick_gelu ? Activation::QuickGelu : Activation::Gelu;
  result.blocks_key = vision.where() + "layers";
  result.resnet_blocks = layers;
  result.state(vision, "width", &ClipArchitecture::vision_width, width);
  result.state(vision, "image_size", &ClipArchitecture::resolution, vision.side("image_size", 224));
  vision.finish();
}

MAO_INLINE void read_open_clip_vision(ConfigSection vision, bool quick_gelu, ClipConfiguration& result) {
  ClipForm& form = result.form;
  if (vision.has("timm_model_name")) return read_timm_vision(std::move(vision), result);
  if (vision.is_list("layers")) return read_open_clip_resnet(std::move(vision), quick_gelu, result);
  vision.unsupported({"attentional_pool", "output_tokens"});
  expect_patch_dropout(vision);
  vision.without_effect({"attn_pooler_queries", "attn_pooler_heads", "timm_model_pretrained", "timm_pool", "timm_proj",
                         "timm_proj_bias", "timm_drop", "timm_drop_path"});
  read_open_clip_tower(vision, quick_gelu, form.vision, form.vision_scale);
  const std::int64_t width = vision.integer("width", 768), head = vision.integer("head_width", 64);
  if (width < 1) vision.refuse("width", "1 or more");
  if (head < 1 || head > width || width % (width / head) != 0) {
    vision.refuse("head_width", text_of("one that divides the width ", width));
  }
  form.vision.heads = width / head;
  const auto mlp = static_cast<std::int64_t>(static_cast<double>(width) * vision.number("mlp_ratio", 4.0));
  result.state(vision, "layers", &ClipArchitecture::vision_layers, vision.integer("layers", 12));
  result.state(vision, "width", &ClipArchitecture::vision_width, width);
  result.state(vision, "mlp_ratio", &ClipArchitecture::vision_mlp, mlp);
  result.state(vision, "patch_size", &ClipArchitecture::patch, vision.side("patch_size", 16));
  result.state(vision, "image_size", &ClipArchitecture::resolution, vision.side("image_size", 224));
  form.ln_pre = !vision.flag("no_ln_pre");
  form.norm_after_pooling = vision.flag("final_ln_after_pool");
  const std::string pool = vision.text("pool_type", "tok"), positions = vision.text("pos_embed_type", "learnable");
  if (pool != "tok" && pool != "avg") vision.refuse("pool_type", "\"tok\" or \"avg\"");
  form.image_pooling = pool == "avg" ? ImagePooling::Patches : ImagePooling::ClassToken;
  if (positions != "learnable" && positions != "sin_cos_2d") {
    vision.refuse("pos_embed_type", "\"learnable\" or \"sin_cos_2d\"");
  }
  vision.finish();
}

/// Which token is read. With CLIP's own tokenizer the end-of-text token has the highest id of all.
MAO_INLINE TextPooling open_clip_text_pooling(ConfigSection& text, std::int64_t vocabulary) {
  const std::string pool = text.text("pool_type", "argmax");
  const std::int64_t end = text.integer("eos_id", 2);
  if (pool == "first") return TextPooling::First;
  if (pool == "last") return TextPooling::Last;
  if (pool == "eos" && end != vocabulary - 1) {
    text.refuse("eos_id", text_of(vocabulary - 1, ", the end-of-text token of CLIP's tokenizer, for pool_type eos"));
  }
  if (pool != "argmax" && pool != "eos") text.refuse("pool_type", "\"argmax\", \"eos\", \"first\" or \"last\"");
  return TextPooling::End;
}

/// SigLIP's rows have no start token. Those of SigLIP 1 are filled up with the end token, id 1, those of SigLIP 2 with
/// a token of its own, id 0.
MAO_INLINE void read_open_clip_pieces(ConfigSection& text, ClipConfiguration& result) {
  const std::string name = text.text("hf_tokenizer_name", "");
  const bool second = name.find("SigLIP2") != std::string::npos;
  if (!second && name.find("SigLIP") == std::string::npos) {
    text.refuse("hf_tokenizer_name", "that of a SigLIP, such as \"timm/ViT-B-16-SigLIP\", or none");
  }
  ConfigSection tokenizer = tokenizer_keywords(text);
  result.pieces = tokenizer.text("clean", "whitespace");
  if (result.pieces != "canonicalize" && result.pieces != "lower" && result.pieces != "whitespace") {
    tokenizer.refuse("clean", "\"canonicalize\", \"lower\" or \"whitespace\"");
  }
  tokenizer.finish();
  if (text.text("pool_type", "argmax") != "last") text.refuse("pool_type", "\"last\" with SigLIP's tokenizer");
  result.form.text_start = false;
  result.form.text_padding = second ? 0 : 1;
}

MAO_INLINE void read_open_clip_text(ConfigSection text, bool quick_gelu, ClipConfiguration& result) {
  ClipForm& form = result.form;
  if (text.has("hf_model_name") && !text.text("hf_model_name", "").empty()) {
    return read_bert_text(std::move(text), result);
  }
  text.unsupported({"tokenizer_mode", "embed_cls"});
  if (*result.custom_text) text.unsupported({"output_tokens"});  // the other kind of model does not ask for it
  text.without_effect({"output_tokens"});
  text.without_effect({"hf_model_pretrained", "hf_proj_type", "hf_pooler_type", "pad_id", "final_ln_after_pool"});
  if (text.has("hf_tokenizer_name")) {
    read_open_clip_pieces(text, result);
  } else {
    ConfigSection tokenizer = tokenizer_keywords(text);
    if (tokenizer.text("clean", "lower") != "lower") tokenizer.refuse("clean", "\"lower\"");
    tokenizer.unsupported({"additional_special_tokens", "reduction_mask"});
    tokenizer.finish();
  }
  read_open_clip_tower(text, quick_gelu, form.text, form.text_scale);
  const std::int64_t width = text.integer("width", 512), vocabulary = text.integer("vocab_size", 49408);
  form.text.heads = text.integer("heads", 8);
  if (width < 1) text.refuse("width", "1 or more");
  if (form.text.heads < 1 || width % form.text.heads != 0) {
    text.refuse("heads", text_of("a number that divides the width ", width));
  }
  const auto mlp = static_cast<std::int64_t>(static_cast<double>(width) * text.number("mlp_ratio", 4.0));
  result.state(text, "layers", &ClipArchitecture::text_layers, text.integer("layers", 12));
  result.state(text, "width", &ClipArchitecture::text_width, width);
  result.state(text, "mlp_ratio", &ClipArchitecture::text_mlp, mlp);
  result.state(text, "context_length", &ClipArchitecture::context, text.integer("context_length", 77));
  result.state(text, "vocab_size", &ClipArchitecture::vocabulary, vocabulary);
  form.causal = !text.flag("no_causal_mask");
  form.text_pooling = open_clip_text_pooling(text, vocabulary);
  const std::string projection = text.text("proj_type", "linear");
  if (projection != "linear" && projection != "none") text.refuse("proj_type", "\"linear\" or \"none\"");
  form.text_projection = projection == "linear";
  form.text_bias = text.flag("proj_bias") && form.text_projection;
  text.finish();
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE ClipConfiguration read_open_clip_config(const nlohmann::json& file, const std::string& where) {
  ConfigSection root(file, where + ": ", ConfigNull::Refused);
  const bool wrapped = root.has("model_cfg");
  root.without_effect({"preprocess_cfg"});  // what images go through before the towers: models/preprocess_config.hpp
  if (wrapped) root.finish();
  ConfigSection model = wrapped ? root.section("model_cfg") : root;
  ClipConfiguration result{.where = where, .form = {}, .sizes = {}, .cleaning = TextCleaning::OpenClip};
  const bool quick_gelu = model.flag("quick_gelu");
  if (model.has("multimodal_cfg") || model.is_null("multimodal_cfg")) {
    model.refuse("multimodal_cfg", "no such key: it is that of a CoCa");
  }
  static_cast<void>(model.number("init_logit_scale", 0));
  model.without_effect({"nonscalar_logit_scale", "output_dict"});
  for (const char* tower : {"vision_cfg", "text_cfg"}) {
    if (!model.has(tower)) model.refuse(tower, "an object");
  }
  result.custom_text = model.flag("custom_text");
  result.logit_bias = model.has("init_logit_bias");
  if (*result.logit_bias) static_cast<void>(model.number("init_logit_bias", 0));
  result.state(model, "embed_dim", &ClipArchitecture::embed, model.integer("embed_dim", 0));
  detail::read_open_clip_vision(model.section("vision_cfg"), quick_gelu, result);
  detail::read_open_clip_text(model.section("text_cfg"), quick_gelu, result);
  model.finish();
  return result;
}

}  // namespace mao
