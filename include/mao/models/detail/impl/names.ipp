// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/names.hpp>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/cat.h>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/models/architecture.hpp>
#include <mao/models/detail/bert_tensors.hpp>

namespace mao {

MAO_INLINE std::string_view name_of(ClipLayout layout) {
  switch (layout) {
    case ClipLayout::OpenClipCustom:
      return "open_clip (CustomTextCLIP)";
    case ClipLayout::HuggingFace:
      return "Hugging Face transformers";
    case ClipLayout::OpenAi:
      break;
  }
  return "OpenAI / open_clip";
}

}  // namespace mao

namespace mao::detail {

MAO_INLINE bool has_prefix(const TensorMap& weights, const std::string& prefix) {
  const auto first = weights.lower_bound(prefix);
  return first != weights.end() && first->first.starts_with(prefix);
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE ClipLayout layout_of(const TensorMap& weights) {
  if (detail::has_prefix(weights, "text_model.") || detail::has_prefix(weights, "vision_model.")) {
    return ClipLayout::HuggingFace;
  }
  return detail::has_prefix(weights, "text.") ? ClipLayout::OpenClipCustom : ClipLayout::OpenAi;
}

}  // namespace mao

namespace mao::detail {

/// **Throws** `FormatError` for a second tensor of a name: one of the two would count for nothing.
MAO_INLINE void put_once(TensorMap& result, const std::string& name, Tensor value) {
  require<FormatError>(
      result.try_emplace(name, std::move(value)).second, "the checkpoint holds the tensor ", name,
      " twice, under the names of two libraries; expected the state dict of one model, saved by one of "
      "them");
}

/// Takes the tensor `from`, if there is one, from `weights` to `result`.
MAO_INLINE void move_tensor(TensorMap& weights, const std::string& from, TensorMap& result, const std::string& to) {
  auto found = weights.extract(from);
  if (!found.empty()) put_once(result, to, std::move(found.mapped()));
}

using Renaming = std::pair<std::string_view, std::string_view>;

/// Takes one Hugging Face encoder from `weights` to `result`, block by block.
MAO_INLINE void move_hugging_face_blocks(TensorMap& weights, const std::string& from, const std::string& to,
                                         TensorMap& result) {
  static constexpr std::array<Renaming, 5> renamed{{{"layer_norm1", "ln_1"},
                                                    {"layer_norm2", "ln_2"},
                                                    {"self_attn.out_proj", "attn.out_proj"},
                                                    {"mlp.fc1", "mlp.c_fc"},
                                                    {"mlp.fc2", "mlp.c_proj"}}};
  const std::int64_t count = count_blocks(weights, from);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string source = from + std::to_string(i) + ".", target = to + std::to_string(i) + ".";
    for (const std::string kind : {"weight", "bias"}) {
      std::vector<Tensor> parts;
      for (const char* part : {"q", "k", "v"}) {
        auto found = weights.extract(text_of(source, "self_attn.", part, "_proj.", kind));
        if (!found.empty()) parts.push_back(std::move(found.mapped()));
      }
      if (parts.size() == 3) put_once(result, target + "attn.in_proj_" + kind, at::cat(parts));
      for (const auto& [theirs, ours] : renamed) {
        move_tensor(weights, text_of(source, theirs, '.', kind), result, text_of(target, ours, '.', kind));
      }
    }
  }
}

/// [1, N, W] as [N, W], and [1, 1, W] as [W].
MAO_INLINE void move_flat(TensorMap& weights, const std::string& from, const std::string& to, TensorMap& result) {
  const auto found = weights.find(from);
  if (found == weights.end() || found->second.dim() != 3 || found->second.size(0) != 1) return;
  const Tensor rows = found->second.select(0, 0);
  put_once(result, to, to.ends_with("positional_embedding") || rows.size(0) != 1 ? rows : rows.select(0, 0));
  weights.erase(found);
}

MAO_INLINE TensorMap from_hugging_face(TensorMap weights) {
  static constexpr std::array<Renaming, 23> renamed{
      {{"vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight"},
       {"vision_model.embeddings.patch_embedding.bias", "visual.conv1.bias"},
       {"vision_model.embeddings.class_embedding", "visual.class_embedding"},
       {"vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"},
       {"vision_model.pre_layrnorm.weight", "visual.ln_pre.weight"},
       {"vision_model.pre_layrnorm.bias", "visual.ln_pre.bias"},
       {"vision_model.post_layernorm.weight", "visual.ln_post.weight"},
       {"vision_model.post_layernorm.bias", "visual.ln_post.bias"},
       {"vision_model.head.attention.in_proj_weight", "visual.pool.attn.in_proj_weight"},
       {"vision_model.head.attention.in_proj_bias", "visual.pool.attn.in_proj_bias"},
       {"vision_model.head.attention.out_proj.weight", "visual.pool.attn.out_proj.weight"},
       {"vision_model.head.attention.out_proj.bias", "visual.pool.attn.out_proj.bias"},
       {"vision_model.head.layernorm.weight", "visual.pool.ln_2.weight"},
       {"vision_model.head.layernorm.bias", "visual.pool.ln_2.bias"},
       {"vision_model.head.mlp.fc1.weight", "visual.pool.mlp.c_fc.weight"},
       {"vision_model.head.mlp.fc1.bias", "visual.pool.mlp.c_fc.bias"},
       {"vision_model.head.mlp.fc2.weight", "visual.pool.mlp.c_proj.weight"},
       {"vision_model.head.mlp.fc2.bias", "visual.pool.mlp.c_proj.bias"},
       {"text_model.head.bias", "text_projection.bias"},
       {"text_model.embeddings.token_embedding.weight", "token_embedding.weight"},
       {"text_model.embeddings.position_embedding.weight", "positional_embedding"},
       {"text_model.final_layer_norm.weight", "ln_final.weight"},
       {"text_model.final_layer_norm.bias", "ln_final.bias"}}};
  static constexpr std::array<Renaming, 3> transposed{{{"visual_projection.weight", "visual.proj"},
                                                       {"text_projection.weight", "text_projection"},
                                                       {"text_model.head.weight", "text_projection"}}};
  TensorMap result;
  move_hugging_face_blocks(weights, "vision_model.encoder.layers.", "visual.transformer.resblocks.", result);
  move_hugging_face_blocks(weights, "text_model.encoder.layers.", "transformer.resblocks.", result);
  for (const auto& [theirs, ours] : renamed) {
    move_tensor(weights, std::string(theirs), result, std::string(ours));
  }
  for (const auto& [theirs, ours] : transposed) {
    auto found = weights.extract(std::string(theirs));
    if (!found.empty()) put_once(result, std::string(ours), found.mapped().t().contiguous());
  }
  move_flat(weights, "vision_model.head.probe", "visual.pool.probe", result);
  for (auto& [name, value] : weights) put_once(result, name, std::move(value));
  return result;
}

/// Takes one block of timm, or its attention pooling, from `weights` to `result`.
MAO_INLINE void move_timm_block(TensorMap& weights, const std::string& from, const std::string& to, TensorMap& result) {
  static constexpr std::array<Renaming, 8> renamed{{{"norm1.", "ln_1."},
                                                    {"norm2.", "ln_2."},
                                                    {"norm.", "ln_2."},
                                                    {"attn.qkv.", "attn.in_proj_"},
                                                    {"attn.proj.", "attn.out_proj."},
                                                    {"proj.", "attn.out_proj."},
                                                    {"mlp.fc1.", "mlp.c_fc."},
                                                    {"mlp.fc2.", "mlp.c_proj."}}};
  for (const std::string kind : {"weight", "bias"}) {
    for (const auto& [theirs, ours] : renamed) {
      move_tensor(weights, text_of(from, theirs, kind), result, text_of(to, ours, kind));
    }
    auto query = weights.extract(text_of(from, "q.", kind)), others = weights.extract(text_of(from, "kv.", kind));
    if (!query.empty() && !others.empty() && query.mapped().dim() == others.mapped().dim()) {
      put_once(result, to + "attn.in_proj_" + kind, at::cat({query.mapped(), others.mapped()}));
    }
  }
  for (const char* scale : {"1", "2"}) {
    move_tensor(weights, text_of(from, "ls", scale, ".gamma"), result, text_of(to, "ls_", scale, ".gamma"));
  }
}

/// The first two convolutions of a stem (MobileCLIP-B), each with its batch norm.
MAO_INLINE void move_timm_stem(TensorMap& weights, const std::string& from, TensorMap& result) {
  for (const char* number : {"0.", "1."}) {
    for (const char* part : {"conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var",
                             "bn.num_batches_tracked"}) {
      move_tensor(weights, text_of(from, number, part), result, text_of("visual.stem.", number, part));
    }
  }
}

/// The projection: timm's classifier, or open_clip's linear layer or MLP behind the trunk.
MAO_INLINE void move_timm_head(TensorMap& weights, TensorMap& result) {
  for (const std::string layer : {"visual.trunk.head.", "visual.head.proj.", "visual.head.mlp.fc2."}) {
    const auto found = weights.find(layer + "weight");
    if (found == weights.end() || found->second.dim() != 2) continue;
    put_once(result, "visual.proj", found->second.t().contiguous());
    weights.erase(found);
    move_tensor(weights, layer + "bias", result, "visual.proj.bias");
  }
  for (const std::string kind : {"weight", "bias"}) {
    move_tensor(weights, "visual.head.mlp.fc1." + kind, result, "visual.proj_fc." + kind);
  }
}

/// A plain ViT of timm under OpenAI's names.
MAO_INLINE void move_timm_trunk(TensorMap& weights, TensorMap& result) {
  const std::string trunk = "visual.trunk.";
  static constexpr std::array<Renaming, 10> renamed{{{"patch_embed.proj.weight", "visual.conv1.weight"},
                                                    {"patch_embed.proj.bias", "visual.conv1.bias"},
                                                    {"patch_embed.backbone.2.conv.weight", "visual.conv1.weight"},
                                                    {"patch_embed.backbone.2.conv.bias", "visual.conv1.bias"},
                                                    {"norm_pre.weight", "visual.ln_pre.weight"},
                                                    {"norm_pre.bias", "visual.ln_pre.bias"},
                                                    {"norm.weight", "visual.ln_post.weight"},
                                                    {"norm.bias", "visual.ln_post.bias"},
                                                    {"fc_norm.weight", "visual.ln_post.weight"},
                                                    {"fc_norm.bias", "visual.ln_post.bias"}}};
  for (const auto& [theirs, ours] : renamed) {
    move_tensor(weights, text_of(trunk, theirs), result, std::string(ours));
  }
  move_flat(weights, trunk + "pos_embed", "visual.positional_embedding", result);
  move_flat(weights, trunk + "cls_token", "visual.class_embedding", result);
  move_flat(weights, trunk + "attn_pool.latent", "visual.pool.probe", result);
  move_timm_block(weights, trunk + "attn_pool.", "visual.pool.", result);
  const std::int64_t count = count_blocks(weights, trunk + "blocks.");
  for (std::int64_t i = 0; i < count; ++i) {
    move_timm_block(weights, text_of(trunk, "blocks.", i, '.'), text_of("visual.transformer.resblocks.", i, '.'),
                    result);
  }
  move_timm_stem(weights, trunk + "patch_embed.backbone.", result);
  move_timm_head(weights, result);
}

MAO_INLINE TensorMap from_open_clip(TensorMap weights) {
  TensorMap result;
  if (has_prefix(weights, "visual.trunk.")) move_timm_trunk(weights, result);
  move_bert_projection(weights, result);
  for (const auto& [name, value] : weights) put_once(result, name.starts_with("text.") ? name.substr(5) : name, value);
  if (auto linear = result.extract("text_projection.weight"); !linear.empty()) {
    put_once(result, "text_projection", linear.mapped().t().contiguous());
  }
  return result;
}

}  // namespace mao::detail
