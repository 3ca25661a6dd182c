// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The tensors of a CLIP or a SigLIP under the names of transformers.

#include <string>

#include <ATen/ops/chunk.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/tensor.hpp>

namespace mao::embedded {

inline void replace(std::string& name, const std::string& from, const std::string& to) {
  if (const auto at = name.find(from); at != std::string::npos) name.replace(at, from.size(), to);
}

/// The name that transformers gives to a tensor that it does not change.
inline std::string hugging_face_name(std::string name) {
  const bool visual = name.starts_with("visual.");
  if (name == "logit_scale") return name;
  if (visual) name.erase(0, 7);
  replace(name, "transformer.resblocks.", "encoder.layers.");
  replace(name, ".ln_1.", ".layer_norm1.");
  replace(name, ".ln_2.", ".layer_norm2.");
  replace(name, "attn.out_proj", "self_attn.out_proj");
  replace(name, "mlp.c_fc", "mlp.fc1");
  replace(name, "mlp.c_proj", "mlp.fc2");
  replace(name, "conv1.weight", "embeddings.patch_embedding.weight");
  replace(name, "class_embedding", "embeddings.class_embedding");
  replace(name, "positional_embedding", "embeddings.position_embedding.weight");
  replace(name, "ln_pre", "pre_layrnorm");  // their spelling
  replace(name, "ln_post", "post_layernorm");
  replace(name, "token_embedding", "embeddings.token_embedding");
  replace(name, "ln_final", "final_layer_norm");
  return (visual ? "vision_model." : "text_model.") + name;
}

/// As a CLIPModel.
inline TensorMap as_hugging_face(const TensorMap& weights) {
  TensorMap result;
  for (const auto& [name, value] : weights) {
    if (name == "visual.proj") {
      result["visual_projection.weight"] = value.t();
    } else if (name == "text_projection") {
      result["text_projection.weight"] = value.t();
    } else if (const auto at = name.find("attn.in_proj_"); at != std::string::npos) {
      const std::string block = hugging_face_name(name.substr(0, at)), kind = name.substr(at + 13);
      const auto parts = value.chunk(3);
      result[block + "self_attn.q_proj." + kind] = parts[0];
      result[block + "self_attn.k_proj." + kind] = parts[1];
      result[block + "self_attn.v_proj." + kind] = parts[2];
    } else {
      result[hugging_face_name(name)] = value;
    }
  }
  return result;
}

/// As a SiglipModel.
inline TensorMap as_siglip_model(TensorMap weights) {
  TensorMap own;
  const auto take = [&](const std::string& from, const std::string& to, const Tensor& value) {
    own[to] = value;
    weights.erase(from);
  };
  take("visual.conv1.bias", "vision_model.embeddings.patch_embedding.bias", weights.at("visual.conv1.bias"));
  take("visual.pool.probe", "vision_model.head.probe", weights.at("visual.pool.probe").view({1, 1, -1}));
  if (weights.contains("text_projection")) {
    take("text_projection", "text_model.head.weight", weights.at("text_projection").t().contiguous());
    take("text_projection.bias", "text_model.head.bias", weights.at("text_projection.bias"));
  }
  take("logit_bias", "logit_bias", weights.at("logit_bias"));
  const std::string pool = "visual.pool.";
  for (auto [name, value] : TensorMap(weights)) {
    if (!name.starts_with(pool)) continue;
    std::string theirs = "vision_model.head." + name.substr(pool.size());
    replace(theirs, ".attn.", ".attention.");
    replace(theirs, ".ln_2.", ".layernorm.");
    replace(theirs, ".c_fc.", ".fc1.");
    replace(theirs, ".c_proj.", ".fc2.");
    take(name, theirs, value);
  }
  for (auto& [name, value] : as_hugging_face(weights)) own[name] = value;
  return own;
}

}  // namespace mao::embedded
