// SPDX-License-Identifier: Apache-2.0
#include <mao/models/open_clip_config.hpp>
#include <mao/models/architecture.hpp>

#include <support/catch.hpp>

#include <nlohmann/json.hpp>

using namespace mao;
using Json = nlohmann::json;

namespace {

ClipConfiguration read(const Json& vision, const Json& text = Json::object(), Json model = Json::object()) {
  model["embed_dim"] = 512;
  model["vision_cfg"] = vision.is_null() ? Json::object() : vision;
  model["text_cfg"] = text.is_null() ? Json::object() : text;
  return read_open_clip_config({{"model_cfg", model}, {"preprocess_cfg", {{"size", 224}}}}, "open_clip_config.json");
}

std::int64_t stated(const ClipConfiguration& configuration, std::int64_t ClipArchitecture::*size) {
  for (const auto& each : configuration.sizes) {
    if (each.size == size) return each.value;
  }
  return -1;
}

}  // namespace

TEST_CASE("what is not said is open_clip's default", "[open_clip_config]") {
  const auto plain = read(Json::object());
  CHECK(plain.form.vision == TowerForm{.heads = 12, .activation = Activation::Gelu});
  CHECK(plain.form.text == TowerForm{.heads = 8, .activation = Activation::Gelu});
  CHECK(plain.form.packs_text());
  CHECK(stated(plain, &ClipArchitecture::vision_mlp) == 3072);
  CHECK(stated(plain, &ClipArchitecture::context) == 77);
  CHECK(stated(plain, &ClipArchitecture::embed) == 512);
  const Json bare{{"embed_dim", 512}, {"vision_cfg", Json::object()}, {"text_cfg", Json::object()}};
  CHECK(read_open_clip_config(bare, "ViT-B-16.json").form == plain.form);  // one of its model_configs
}

TEST_CASE("published configurations: bigG, layer scale, CLIPA's towers", "[open_clip_config]") {
  const auto large = read({{"width", 1664}, {"head_width", 104}, {"mlp_ratio", 4.9231}, {"layers", 48}},
                          {{"width", 1280}, {"heads", 20}}, {{"quick_gelu", true}});
  CHECK(large.form.vision == TowerForm{.heads = 16});
  CHECK(large.form.text == TowerForm{.heads = 20});
  CHECK(stated(large, &ClipArchitecture::vision_mlp) == 8192);
  CHECK(read({{"ls_init_value", 0.0001}}).form.vision_scale);
  const auto other = read({{"no_ln_pre", true},
                           {"pool_type", "avg"},
                           {"final_ln_after_pool", true},
                           {"norm_kwargs", {{"eps", 1e-6}}},
                           {"patch_dropout", 0.5}},
                          {{"no_causal_mask", true},
                           {"pool_type", "last"},
                           {"proj_bias", true},
                           {"act_kwargs", {{"approximate", "tanh"}}}});
  CHECK_FALSE(other.form.ln_pre);
  CHECK(other.form.image_pooling == ImagePooling::Patches);
  CHECK(other.form.norm_after_pooling);
  CHECK(other.form.vision.epsilon == 1e-6);
  CHECK_FALSE(other.form.causal);
  CHECK(other.form.text_pooling == TextPooling::Last);
  CHECK(other.form.text_bias);
  CHECK(other.form.text.activation == Activation::GeluTanh);
  CHECK_FALSE(read({}, {{"proj_type", "none"}}).form.text_projection);
}

TEST_CASE("an end token that is not the tokenizer's is refused", "[open_clip_config]") {
  CHECK(read({}, {{"pool_type", "eos"}, {"eos_id", 49407}}).form.packs_text());
  CHECK_THROWS_WITH(read({}, {{"pool_type", "eos"}}), ContainsSubstring("text_cfg.eos_id is missing, expected 49407"));
}

TEST_CASE("what changes the network and is not supported is refused by its key", "[open_clip_config]") {
  const auto refused = [](const Json& vision, const Json& text, const Json& model, const char* key) {
    CAPTURE(key);
    CHECK_THROWS_WITH(read(vision, text, model),
                      ContainsSubstring(std::string("open_clip_config.json: model_cfg.") + key));
  };
  refused({{"timm_model_name", "vit_base_patch16_siglip_gap_224"}}, {}, {}, "vision_cfg.timm_model_name");
  refused({{"layers", {3, 4, 6}}}, {}, {}, "vision_cfg.layers is [3,4,6], expected one number, or four of a ResNet");
  refused({{"attentional_pool", true}}, {}, {}, "vision_cfg.attentional_pool is true");
  refused({{"attentional_pool", "parallel"}}, {}, {}, "vision_cfg.attentional_pool");
  refused({{"qk_norm", true}}, {}, {}, "vision_cfg.qk_norm");
  refused({{"pool_type", "none"}}, {}, {}, "vision_cfg.pool_type");
  refused({{"pos_embed_type", "rope"}}, {}, {}, "vision_cfg.pos_embed_type");
  refused({{"image_size", {224, 336}}}, {}, {}, "vision_cfg.image_size is [224,336]");
  refused({{"head_width", 100}}, {}, {}, "vision_cfg.head_width");
  refused({{"norm_kwargs", {{"bias", false}}}}, {}, {}, "vision_cfg.norm_kwargs.bias");
  refused({{"window_size", 7}}, {}, {}, "vision_cfg.window_size is 7, a setting that mao does not know");
  refused({}, {{"embed_cls", true}}, {}, "text_cfg.embed_cls");
  refused({}, {{"hf_model_name", "roberta-base"}}, {}, "text_cfg.hf_model_name");
  refused({}, {{"hf_tokenizer_name", "bert-base-uncased"}}, {}, "text_cfg.hf_tokenizer_name");
  refused({}, {{"tokenizer_kwargs", {{"clean", "canonicalize"}}}}, {}, "text_cfg.tokenizer_kwargs");
  refused({}, {{"scale_fc", true}}, {}, "text_cfg.scale_fc");
  refused({}, {{"heads", 7}}, {}, "text_cfg.heads is 7, expected a number that divides the width 512");
  refused({}, {{"act_kwargs", {{"approximate", "tanh"}}}}, {{"quick_gelu", true}}, "text_cfg.act_kwargs.approximate");
  refused({}, {}, {{"multimodal_cfg", {{"width", 512}}}}, "multimodal_cfg");
  refused({}, {}, {{"new_part", 1}}, "new_part");
}

TEST_CASE("a null, a width of 0 and another way to clean text are refused by key", "[open_clip_config]") {
  CHECK_THROWS_WITH(read(Json::object(), {{"heads", nullptr}}), ContainsSubstring("text_cfg.heads is null"));
  CHECK_THROWS_WITH(read({{"head_width", nullptr}}), ContainsSubstring("vision_cfg.head_width is null"));
  CHECK_THROWS_WITH(read({{"width", 0}}), ContainsSubstring("vision_cfg.width is 0, expected 1 or more"));
  CHECK_THROWS_WITH(read(Json::object(), {{"width", 0}}), ContainsSubstring("text_cfg.width is 0"));
  CHECK_FALSE(read({{"no_ln_pre", nullptr}, {"ls_init_value", nullptr}}).form.vision_scale);
  CHECK(read(Json::object(), {{"tokenizer_kwargs", {{"clean", "lower"}}}}).cleaning == TextCleaning::OpenClip);
  CHECK_THROWS_WITH(read(Json::object(), {{"tokenizer_kwargs", {{"clean", "canonicalize"}}}}),
                    ContainsSubstring("text_cfg.tokenizer_kwargs.clean is \"canonicalize\""));
  CHECK_THROWS_WITH(read(Json::object(), {{"tokenizer_kwargs", {{"strip_sep_token", true}}}}),
                    ContainsSubstring("tokenizer_kwargs.strip_sep_token is true"));
}

TEST_CASE("values at which open_clip stops are refused, though the key changes no feature", "[open_clip_config]") {
  const Json none = Json::object(), nothing;
  const auto refused = [](const Json& vision, const Json& text, const Json& model, const char* message) {
    CHECK_THROWS_WITH(read(vision, text, model), ContainsSubstring(message));
  };
  refused(none, {{"tokenizer_kwargs", nothing}}, none, "text_cfg.tokenizer_kwargs is null, expected an object, or no");
  refused({{"patch_dropout", nothing}}, none, none, "vision_cfg.patch_dropout is null, expected a number");
  refused({{"patch_dropout", 1}}, none, none, "vision_cfg.patch_dropout is 1, expected less than 1");
  refused({{"output_tokens", true}}, none, none, "vision_cfg.output_tokens is true");
  refused(none, {{"output_tokens", true}}, {{"custom_text", true}}, "text_cfg.output_tokens is true");
  CHECK(read({{"output_tokens", false}}, {{"output_tokens", true}}).form == read(none).form);
  refused(none, none, {{"init_logit_scale", nothing}}, "init_logit_scale is null, expected a number");
  refused(none, none, {{"cast_dtype", nothing}}, "cast_dtype is null");
  refused(none, none, {{"multimodal_cfg", nothing}}, "multimodal_cfg is null, expected no such key");
  for (const char* tower : {"vision_cfg", "text_cfg"}) {
    Json model{{"embed_dim", 512}, {"vision_cfg", none}, {"text_cfg", none}};
    model[tower] = nothing;
    CHECK_THROWS_WITH(read_open_clip_config({{"model_cfg", model}}, "c.json"), ContainsSubstring(tower));
    model.erase(tower);
    CHECK_THROWS_WITH(read_open_clip_config({{"model_cfg", model}}, "c.json"), ContainsSubstring(" is missing"));
  }
}

namespace {

/// What open_clip's configurations of SigLIP say of the two towers.
Json siglip_vision(const std::string& name, int size) {
  return {{"timm_model_name", name},
          {"timm_model_pretrained", false},
          {"timm_pool", "map"},
          {"timm_proj", "none"},
          {"image_size", size}};
}

Json siglip_text(const std::string& tokenizer) {
  return {{"context_length", 64},
          {"vocab_size", 32000},
          {"hf_tokenizer_name", tokenizer},
          {"tokenizer_kwargs", {{"clean", "canonicalize"}}},
          {"width", 768},
          {"heads", 12},
          {"layers", 12},
          {"no_causal_mask", true},
          {"proj_bias", true},
          {"pool_type", "last"},
          {"norm_kwargs", {{"eps", 1e-6}}}};
}

}  // namespace

TEST_CASE("a SigLIP's image tower is what timm's model of that name is", "[open_clip_config]") {
  const auto first = read(siglip_vision("vit_so400m_patch14_siglip_384", 384), siglip_text("timm/ViT-B-16-SigLIP"));
  CHECK(first.form.vision == TowerForm{.heads = 16, .activation = Activation::Gelu, .epsilon = 1e-6});
  CHECK(first.form.image_pooling == ImagePooling::Attention);
  CHECK_FALSE(first.form.class_token);
  CHECK_FALSE(first.form.image_projection);
  CHECK(first.form.patch_bias);
  CHECK(stated(first, &ClipArchitecture::vision_mlp) == 4304);
  CHECK(stated(first, &ClipArchitecture::patch) == 14);
  CHECK(stated(first, &ClipArchitecture::resolution) == 384);
  CHECK(first.pieces == "canonicalize");
  CHECK_FALSE(first.form.text_start);
  CHECK(first.form.text_padding == 1);
  CHECK(first.form.text_pooling == TextPooling::Last);
  Json text = siglip_text("timm/ViT-SO400M-16-SigLIP2-256");
  text["act_kwargs"] = {{"approximate", "tanh"}};
  const auto second = read(siglip_vision("vit_so400m_patch16_siglip_256", 256), text);
  CHECK(second.form.vision.activation == Activation::GeluTanh);  // that of patches of 14 px is not
  CHECK(second.form.text.activation == Activation::GeluTanh);
  CHECK(second.form.text_padding == 0);
  CHECK(read(siglip_vision("vit_large_patch16_siglip_384", 384), text).form.vision.activation == Activation::Gelu);
  CHECK(read(siglip_vision("vit_large_patch16_siglip_512", 512), text).form.vision.activation == Activation::GeluTanh);
}

TEST_CASE("settings of a SigLIP that its towers do not have are refused by their key", "[open_clip_config]") {
  const auto refused = [](const char* section, const char* key, const Json& value, const char* message) {
    Json vision = siglip_vision("vit_base_patch16_siglip_224", 224), text = siglip_text("timm/ViT-B-16-SigLIP");
    (std::string(section) == "vision" ? vision : text)[key] = value;
    CAPTURE(key);
    CHECK_THROWS_WITH(read(vision, text), ContainsSubstring(message));
  };
  refused("vision", "timm_pool", "avg", "vision_cfg.timm_pool is \"avg\", expected \"map\"");
  refused("vision", "timm_proj", "conv", "vision_cfg.timm_proj is \"conv\", expected \"linear\", \"mlp\"");
  refused("vision", "window_size", 7, "vision_cfg.window_size is 7, a setting that mao does not know");
  refused("vision", "timm_model_name", "vit_base_patch16_siglip_240", "expected a plain ViT");
  refused("text", "pool_type", "argmax", "text_cfg.pool_type is \"argmax\", expected \"last\" with SigLIP's tokenizer");
  refused("text", "tokenizer_kwargs", {{"clean", "none"}}, "tokenizer_kwargs.clean is \"none\"");
  refused("text", "tokenizer_kwargs", {{"language", "en"}}, "tokenizer_kwargs.language is \"en\"");
}
