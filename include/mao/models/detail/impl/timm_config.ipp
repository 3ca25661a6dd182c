// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/timm_config.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <mao/config.hpp>
#include <mao/models/architecture.hpp>

namespace mao::detail {

/// Width, heads and hidden width of the MLPs of a size.
struct TimmSize {
  std::string_view name;
  std::int64_t width, heads, mlp;
};

inline constexpr std::array<TimmSize, 12> timm_sizes{{{"tiny", 192, 3, 768},
                                                      {"xsmall", 256, 4, 1024},
                                                      {"small", 384, 6, 1536},
                                                      {"medium", 512, 8, 2048},
                                                      {"betwixt", 640, 10, 2560},
                                                      {"base", 768, 12, 3072},
                                                      {"large", 1024, 16, 4096},
                                                      {"so400m", 1152, 16, 4304},
                                                      {"huge", 1280, 16, 5120},
                                                      {"giant", 1408, 16, 6144},
                                                      {"giantopt", 1536, 16, 6144},
                                                      {"gigantic", 1664, 16, 8192}}};

/// An image tower of timm: its sizes, its form, and which tensors it leaves out.
struct TimmTower {
  TimmSize size;
  std::int64_t patch = 16, resolution = 224;
  ClipForm form{};
  bool qkv_bias = true, class_position = true;
};

/// `vit_base_patch16_clip_224` in parts; the kind is `clip`.
struct TimmName {
  std::string_view size, kind;
  std::int64_t patch = 0, resolution = 0;
};

MAO_INLINE std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 1) return std::nullopt;
  return value;
}

MAO_INLINE std::optional<TimmName> parsed_timm_name(std::string_view name) {
  constexpr std::string_view start = "vit_", middle = "_patch";
  const std::size_t patch = name.find(middle), last = name.rfind('_');
  if (!name.starts_with(start) || patch == std::string_view::npos || patch < start.size()) return std::nullopt;
  const std::size_t number = patch + middle.size(), kind = name.find('_', number);
  if (kind == std::string_view::npos) return std::nullopt;
  const auto side = whole_number(name.substr(number, kind - number)), pixels = whole_number(name.substr(last + 1));
  if (!side || !pixels) return std::nullopt;
  return TimmName{.size = name.substr(start.size(), patch - start.size()),
                  .kind = last > kind ? name.substr(kind + 1, last - kind - 1) : std::string_view(),
                  .patch = *side,
                  .resolution = *pixels};
}

/// Whether a SigLIP's image tower has the GELU by tanh, which follows no rule; nothing where timm has no such tower.
MAO_INLINE std::optional<bool> siglip_by_tanh(const TimmName& name) {
  struct Known {
    std::string_view size;
    std::int64_t patch, resolution;
    bool by_tanh;
  };
  static constexpr std::array<Known, 16> all{{{"base", 32, 256, true},
                                              {"base", 16, 224, false},
                                              {"base", 16, 256, false},
                                              {"base", 16, 384, false},
                                              {"base", 16, 512, false},
                                              {"large", 16, 256, false},
                                              {"large", 16, 384, false},
                                              {"large", 16, 512, true},
                                              {"so400m", 14, 224, false},
                                              {"so400m", 14, 378, false},
                                              {"so400m", 14, 384, false},
                                              {"so400m", 16, 256, true},
                                              {"so400m", 16, 384, true},
                                              {"so400m", 16, 512, true},
                                              {"giantopt", 16, 256, true},
                                              {"giantopt", 16, 384, true}}};
  for (const Known& known : all) {
    if (known.size == name.size && known.patch == name.patch && known.resolution == name.resolution) {
      return known.by_tanh;
    }
  }
  return std::nullopt;
}

/// timm's VisionTransformer with its own settings: no layer norm before the blocks, epsilon 1e-6.
MAO_INLINE ClipForm timm_form(std::int64_t heads) {
  ClipForm form;
  form.vision = {.heads = heads, .activation = Activation::Gelu, .epsilon = 1e-6};
  form.ln_pre = false;
  form.patch_bias = true;
  return form;
}

/// Sets what a kind of names means. False for a kind that mao does not have.
MAO_INLINE bool set_timm_kind(const TimmName& name, TimmTower& tower) {
  ClipForm& form = tower.form;
  const bool quick = name.kind == "clip_quickgelu";
  if (name.kind.empty()) return true;
  if (name.kind == "clip" || quick) {
    form.vision.epsilon = 1e-5;
    form.ln_pre = true;
    form.patch_bias = false;
    if (quick) form.vision.activation = Activation::QuickGelu;
    return true;
  }
  form.class_token = false;
  if (name.kind == "gap") {
    form.image_pooling = ImagePooling::Patches;
    form.vision_scale = name.size == "medium" || name.size == "betwixt";
    tower.qkv_bias = !form.vision_scale;
    if (name.size == "base") form.vision.heads = 16;
    return true;
  }
  const auto by_tanh = siglip_by_tanh(name);
  form.image_pooling = ImagePooling::Attention;
  if (by_tanh.value_or(false)) form.vision.activation = Activation::GeluTanh;
  return name.kind == "siglip" && by_tanh;
}

/// MobileCLIP-B's.
MAO_INLINE TimmTower mobile_tower() {
  TimmTower tower{.size = {"base", 768, 12, 3072}, .form = timm_form(12)};
  tower.form.conv_stem = true;
  tower.class_position = false;
  return tower;
}

/// A Perception Encoder. Rows and columns are counted from 1 where there is a class token.
MAO_INLINE std::optional<TimmTower> perception_tower(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, TimmSize>, 5> all{
      {{"vit_pe_core_tiny_patch16_384", {"tiny", 192, 3, 768}},
       {"vit_pe_core_small_patch16_384", {"small", 384, 6, 1536}},
       {"vit_pe_core_base_patch16_224", {"base", 768, 12, 3072}},
       {"vit_pe_core_large_patch14_336", {"large", 1024, 16, 4096}},
       {"vit_pe_core_gigantic_patch14_448", {"gigantic", 1536, 16, 8960}}}};
  for (const auto& [known, size] : all) {
    if (known != name) continue;
    const TimmName parts = *parsed_timm_name(name);
    TimmTower tower{.size = size, .patch = parts.patch, .resolution = parts.resolution, .form = timm_form(size.heads)};
    tower.form.vision.epsilon = 1e-5;
    tower.form.ln_pre = true;
    tower.form.patch_bias = false;
    tower.form.class_token = size.name != "gigantic";
    tower.form.image_pooling = ImagePooling::Attention;
    tower.form.pool_heads = 8;
    tower.form.rotary = tower.form.class_token ? 1 : 0;
    return tower;
  }
  return std::nullopt;
}

MAO_INLINE std::optional<TimmTower> timm_tower(std::string_view name) {
  if (name == "vit_base_mci_224") return mobile_tower();
  if (auto tower = perception_tower(name)) return tower;
  const auto parts = parsed_timm_name(name);
  if (!parts) return std::nullopt;
  const auto* size = std::ranges::find(timm_sizes, parts->size, &TimmSize::name);
  if (size == timm_sizes.end()) return std::nullopt;
  TimmTower tower{
      .size = *size, .patch = parts->patch, .resolution = parts->resolution, .form = timm_form(size->heads)};
  return set_timm_kind(*parts, tower) ? std::optional(tower) : std::nullopt;
}

/// What becomes the feature. Without `timm_proj` it is timm's own classifier; then `timm_pool` also decides whether the
/// last layer norm comes after the mean.
MAO_INLINE void read_timm_head(ConfigSection& vision, TimmTower& tower, ClipConfiguration& result) {
  ClipForm& form = tower.form;
  const std::string projection = vision.is_null("timm_proj") ? "" : vision.text("timm_proj", "linear");
  const std::string pool = vision.is_null("timm_pool") ? "" : vision.text("timm_pool", "avg");
  const bool behind = projection == "linear" || projection == "mlp";
  if (!behind && projection != "none" && !projection.empty()) {
    vision.refuse("timm_proj", "\"linear\", \"mlp\", \"none\" or null");
  }
  const bool own = behind && pool.empty();  // the tower's own pooling
  if (form.image_pooling == ImagePooling::Attention) {
    if (pool != "map" && !own) vision.refuse("timm_pool", "\"map\"");
  } else if (form.image_pooling == ImagePooling::Patches) {
    if (pool != "avg" && !own) vision.refuse("timm_pool", "\"avg\"");
  } else if (pool == "avg") {
    form.image_pooling = ImagePooling::Patches;
    form.norm_after_pooling = result.fc_norm = !behind;
  } else if (pool != "token" && !own) {
    vision.refuse("timm_pool", "\"token\" or \"avg\"");
  }
  form.image_projection = projection != "none";
  form.image_mlp = projection == "mlp";
  form.image_bias = projection.empty() || (vision.flag("timm_proj_bias") && behind);
}

MAO_INLINE void expect_patch_dropout(ConfigSection& vision) {
  if (!(vision.number("patch_dropout", 0) < 1)) vision.refuse("patch_dropout", "less than 1");
}

MAO_INLINE void expect_timm_dropout(ConfigSection& vision) {
  expect_patch_dropout(vision);
  const double rate = vision.number("timm_drop", 0);
  if (!(rate >= 0 && rate <= 1)) vision.refuse("timm_drop", "0 to 1");
  if (vision.has("timm_drop_path")) static_cast<void>(vision.number("timm_drop_path", 0));
}

/// What only CLIP's own ViT has is without effect, as in open_clip.
MAO_INLINE void ignore_settings_of_clips_vit(ConfigSection& vision) {
  vision.without_effect({"layers",
                         "width",
                         "head_width",
                         "mlp_ratio",
                         "patch_size",
                         "ls_init_value",
                         "attentional_pool",
                         "attn_pooler_queries",
                         "attn_pooler_heads",
                         "no_ln_pre",
                         "pos_embed_type",
                         "final_ln_after_pool",
                         "pool_type",
                         "output_tokens",
                         "act_kwargs",
                         "norm_kwargs",
                         "block_type",
                         "timm_model_pretrained",
                         "timm_proj_bias"});
}

/// Depth is what the tensors have.
MAO_INLINE void read_timm_vision(ConfigSection vision, ClipConfiguration& result) {
  auto tower = timm_tower(vision.text("timm_model_name", ""));
  if (!tower) {
    vision.refuse(
        "timm_model_name",
        "a plain ViT (\"vit_base_patch16_224\", \"vit_large_patch14_clip_224\", \"vit_medium_patch16_gap_256\", "
        "\"vit_base_patch16_siglip_224\", ...), \"vit_base_mci_224\" (MobileCLIP-B) or \"vit_pe_core_...\", or none");
  }
  ignore_settings_of_clips_vit(vision);
  expect_timm_dropout(vision);
  read_timm_head(vision, *tower, result);
  result.form = tower->form;
  result.qkv_bias = tower->qkv_bias;
  result.class_position = tower->class_position;
  result.state(vision, "timm_model_name", &ClipArchitecture::vision_width, tower->size.width);
  result.state(vision, "timm_model_name", &ClipArchitecture::vision_mlp, tower->size.mlp);
  result.state(vision, "timm_model_name", &ClipArchitecture::patch, tower->patch);
  result.state(vision, "timm_model_name", &ClipArchitecture::resolution, tower->resolution);
  result.state(vision, "image_size", &ClipArchitecture::resolution, vision.side("image_size", 224));
  vision.finish();
}

}  // namespace mao::detail
