// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CLIP's tensors under one set of names: OpenAI's. open_clip uses the same (or moves the text tower under `text.`),
/// Hugging Face's transformers splits queries, keys and values and transposes the two projections.

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <ATen/ops/cat.h>

#include <mao/clip/architecture.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// Whose names a checkpoint uses.
enum class ClipLayout { OpenAi, OpenClipCustom, HuggingFace };

inline std::string_view name_of(ClipLayout layout) {
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

/// Decides by the names that are there.
inline ClipLayout layout_of(const TensorMap& weights) {
  if (weights.contains("text_model.encoder.layers.0.self_attn.q_proj.weight")) return ClipLayout::HuggingFace;
  if (weights.contains("text.token_embedding.weight")) return ClipLayout::OpenClipCustom;
  return ClipLayout::OpenAi;
}

namespace detail {

/// Adds one Hugging Face encoder to `result`, block by block.
inline void add_hugging_face_blocks(const TensorMap& weights, const std::string& from, const std::string& to,
                                    TensorMap& result) {
  static constexpr std::array<std::pair<const char*, const char*>, 5> renamed{{{"layer_norm1", "ln_1"},
                                                                               {"layer_norm2", "ln_2"},
                                                                               {"self_attn.out_proj", "attn.out_proj"},
                                                                               {"mlp.fc1", "mlp.c_fc"},
                                                                               {"mlp.fc2", "mlp.c_proj"}}};
  for (std::int64_t i = 0; i < count_blocks(weights, from); ++i) {
    const std::string source = from + std::to_string(i) + ".", target = to + std::to_string(i) + ".";
    for (const char* kind : {"weight", "bias"}) {
      const auto part = [&](const char* name) { return weights.at(source + "self_attn." + name + "_proj." + kind); };
      result[target + "attn.in_proj_" + kind] = at::cat({part("q"), part("k"), part("v")});
      for (const auto& [theirs, ours] : renamed) {
        result[target + ours + "." + kind] = weights.at(source + theirs + "." + kind);
      }
    }
  }
}

inline TensorMap from_hugging_face(const TensorMap& weights) {
  static constexpr std::array<std::pair<const char*, const char*>, 12> renamed{
      {{"vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight"},
       {"vision_model.embeddings.class_embedding", "visual.class_embedding"},
       {"vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"},
       {"vision_model.pre_layrnorm.weight", "visual.ln_pre.weight"},
       {"vision_model.pre_layrnorm.bias", "visual.ln_pre.bias"},
       {"vision_model.post_layernorm.weight", "visual.ln_post.weight"},
       {"vision_model.post_layernorm.bias", "visual.ln_post.bias"},
       {"text_model.embeddings.token_embedding.weight", "token_embedding.weight"},
       {"text_model.embeddings.position_embedding.weight", "positional_embedding"},
       {"text_model.final_layer_norm.weight", "ln_final.weight"},
       {"text_model.final_layer_norm.bias", "ln_final.bias"},
       {"logit_scale", "logit_scale"}}};
  TensorMap result;
  for (const auto& [theirs, ours] : renamed) result[ours] = weights.at(theirs);
  result["visual.proj"] = weights.at("visual_projection.weight").t();
  result["text_projection"] = weights.at("text_projection.weight").t();
  add_hugging_face_blocks(weights, "vision_model.encoder.layers.", "visual.transformer.resblocks.", result);
  add_hugging_face_blocks(weights, "text_model.encoder.layers.", "transformer.resblocks.", result);
  return result;
}

}  // namespace detail

/// The same tensors under OpenAI's names; what is no part of the towers (`position_ids`, `logit_bias`,
/// `input_resolution`, ...) is left out by those who read it.
///
/// **Throws** `FormatError` when a Hugging Face checkpoint lacks a tensor.
inline TensorMap with_openai_names(const TensorMap& weights, const std::string& source) {
  TensorMap result;
  switch (layout_of(weights)) {
    case ClipLayout::HuggingFace:
      try {
        return detail::from_hugging_face(weights);
      } catch (const std::out_of_range&) {
        throw FormatError(source + ": has Hugging Face names but lacks some tensors of a CLIPModel; " +
                          "a checkpoint with both towers and both projections is needed");
      }
    case ClipLayout::OpenClipCustom:
      for (const auto& [name, value] : weights) result[name.starts_with("text.") ? name.substr(5) : name] = value;
      return result;
    case ClipLayout::OpenAi:
      break;
  }
  return weights;
}

}  // namespace mao
