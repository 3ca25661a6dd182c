// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/timm_config.hpp>
#include <mao/models/architecture.hpp>

#include <support/catch.hpp>

#include <nlohmann/json.hpp>

using namespace mao;
using Json = nlohmann::json;

namespace {

ClipConfiguration timm_config(const std::string& name, const Json& pool, const Json& projection, std::int64_t pixels) {
  ClipConfiguration result;
  const Json vision{{"timm_model_name", name}, {"timm_pool", pool}, {"timm_proj", projection}, {"image_size", pixels}};
  detail::read_timm_vision(ConfigSection(vision, "vision_cfg.", ConfigNull::Refused), result);
  return result;
}

std::int64_t timm_size(const ClipConfiguration& configuration, std::int64_t ClipArchitecture::*size) {
  for (const auto& each : configuration.sizes) {
    if (each.size == size) return each.value;
  }
  return -1;
}

}  // namespace

TEST_CASE("the image towers of timm that CLIPs have, by name", "[timm_config]") {
  const auto plain = timm_config("vit_base_patch32_384", "token", nullptr, 384);
  CHECK(plain.form.vision == TowerForm{.heads = 12, .activation = Activation::Gelu, .epsilon = 1e-6});
  CHECK((plain.form.class_token && plain.form.patch_bias && plain.form.image_bias && !plain.form.ln_pre));
  CHECK(timm_size(plain, &ClipArchitecture::patch) == 32);
  CHECK(timm_size(plain, &ClipArchitecture::resolution) == 384);
  const auto clip = timm_config("vit_gigantic_patch14_clip_quickgelu_224", "token", nullptr, 224);
  CHECK(clip.form.vision == TowerForm{.heads = 16, .activation = Activation::QuickGelu, .epsilon = 1e-5});
  CHECK((clip.form.ln_pre && !clip.form.patch_bias));
  CHECK(timm_size(clip, &ClipArchitecture::vision_mlp) == 8192);
  const auto gap = timm_config("vit_medium_patch16_gap_256", "", "linear", 256);
  CHECK(gap.form.image_pooling == ImagePooling::Patches);
  CHECK((gap.form.vision_scale && !gap.form.class_token && !gap.form.image_bias && !gap.qkv_bias && !gap.fc_norm));
  CHECK(timm_config("vit_base_patch16_gap_224", "avg", nullptr, 224).form.vision.heads == 16);
  CHECK(timm_config("vit_base_patch16_gap_224", "avg", nullptr, 224).qkv_bias);
  const auto mobile = timm_config("vit_base_mci_224", "token", nullptr, 224);
  CHECK((mobile.form.conv_stem && mobile.form.class_token && !mobile.class_position));
}

TEST_CASE("Perception Encoders have rotary positions and a pooling of 8 heads", "[timm_config]") {
  const auto base = timm_config("vit_pe_core_base_patch16_224", "map", nullptr, 224);
  CHECK(base.form.vision == TowerForm{.heads = 12, .activation = Activation::Gelu, .epsilon = 1e-5});
  CHECK(base.form.image_pooling == ImagePooling::Attention);
  CHECK((base.form.class_token && base.form.ln_pre && base.form.pool_heads == 8 && base.form.rotary == 1));
  const auto large = timm_config("vit_pe_core_gigantic_patch14_448", "map", nullptr, 448);
  CHECK((!large.form.class_token && large.form.rotary == 0));
  CHECK(timm_size(large, &ClipArchitecture::vision_mlp) == 8960);
  CHECK(timm_size(large, &ClipArchitecture::vision_width) == 1536);
}

TEST_CASE("pooling and projection together decide where the last layer norm stands", "[timm_config]") {
  const auto own = timm_config("vit_base_patch16_224", "avg", "none", 224);
  CHECK((own.form.norm_after_pooling && own.fc_norm && !own.form.image_projection && !own.form.image_bias));
  const auto behind = timm_config("vit_base_patch16_224", "avg", "mlp", 224);
  CHECK(behind.form.image_pooling == ImagePooling::Patches);
  CHECK((!behind.form.norm_after_pooling && !behind.fc_norm && behind.form.image_mlp && !behind.form.image_bias));
  CHECK(timm_config("vit_base_patch16_224", "", "linear", 224).form.image_pooling == ImagePooling::ClassToken);
  CHECK(timm_config("vit_base_patch16_siglip_224", "map", "linear", 224).form.image_projection);
}

TEST_CASE("dropout of timm changes nothing, and values at which open_clip stops are refused", "[timm_config]") {
  const auto read = [](const char* key, const Json& value) {
    ClipConfiguration result;
    const Json vision{{"timm_model_name", "vit_base_patch16_224"}, {"timm_pool", "avg"}, {key, value}};
    detail::read_timm_vision(ConfigSection(vision, "vision_cfg.", ConfigNull::Refused), result);
    return result.form;
  };
  CHECK(read("timm_drop_path", nullptr) == read("timm_drop", 0.5));
  CHECK(read("timm_drop_path", 0.1) == read("patch_dropout", 0.5));
  CHECK_THROWS_WITH(read("timm_drop", nullptr), ContainsSubstring("vision_cfg.timm_drop is null, expected a number"));
  CHECK_THROWS_WITH(read("timm_drop", 2), ContainsSubstring("vision_cfg.timm_drop is 2, expected 0 to 1"));
  CHECK_THROWS_WITH(read("timm_drop_path", "x"), ContainsSubstring("vision_cfg.timm_drop_path is \"x\""));
  CHECK_THROWS_WITH(read("patch_dropout", nullptr), ContainsSubstring("vision_cfg.patch_dropout is null"));
}

TEST_CASE("another tower, pooling or projection of timm is refused by its key", "[timm_config]") {
  for (const char* name :
       {"convnext_base", "eva02_base_patch14_224", "vit_relpos_medium_patch16_cls_224", "vit_base_patch14_reg4_dinov2",
        "vit_base_patch16_xp_224", "vit_base_patch16_rpn_224", "vit_base_patch16_siglip_gap_224",
        "vit_wide_patch16_224", "vit_base_patch16_siglip_240", "vit_pe_lang_large_patch14_448", "vit_base_patch16",
        "vit_base_patchx_224", "swin_base_patch4_window7_224", "fastvit_mci1", "vit_", ""}) {
    CAPTURE(name);
    CHECK_THROWS_WITH(timm_config(name, "token", nullptr, 224),
                      ContainsSubstring("vision_cfg.timm_model_name is \"" + std::string(name) + "\"") &&
                          ContainsSubstring("expected a plain ViT"));
  }
  CHECK_THROWS_WITH(timm_config("vit_base_patch16_224", "map", nullptr, 224),
                    ContainsSubstring("timm_pool is \"map\", expected \"token\" or \"avg\""));
  CHECK_THROWS_WITH(timm_config("vit_base_patch16_224", "", nullptr, 224), ContainsSubstring("timm_pool"));
  CHECK_THROWS_WITH(timm_config("vit_base_patch16_gap_224", "token", nullptr, 224),
                    ContainsSubstring("timm_pool is \"token\", expected \"avg\""));
  CHECK_THROWS_WITH(timm_config("vit_pe_core_base_patch16_224", "avg", nullptr, 224),
                    ContainsSubstring("timm_pool is \"avg\", expected \"map\""));
  CHECK_THROWS_WITH(timm_config("vit_base_patch16_224", "token", "conv", 224),
                    ContainsSubstring("timm_proj is \"conv\""));
}
