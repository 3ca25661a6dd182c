// SPDX-License-Identifier: Apache-2.0
#include <mao/models/open_clip_config.hpp>

#include <support/catch.hpp>

using namespace mao;
using Json = nlohmann::json;

namespace {

ClipConfiguration read(const Json& vision, const Json& text = Json::object(), Json model = Json::object()) {
  model["embed_dim"] = 512;
  model["vision_cfg"] = vision;
  model["text_cfg"] = text;
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
  refused({{"timm_model_name", "vit_base_patch16_siglip_224"}}, {}, {}, "vision_cfg.timm_model_name");
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
