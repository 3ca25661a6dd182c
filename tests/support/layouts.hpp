// SPDX-License-Identifier: Apache-2.0
#pragma once
// The weights of a CLIP under the names of other libraries.

#include <string>

#include <ATen/ops/chunk.h>

#include <mao/core/tensor.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao_test {

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

inline mao::TensorMap as_hugging_face(const mao::TensorMap& weights) {
  mao::TensorMap result;
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

inline mao::TensorMap as_open_clip_custom(const mao::TensorMap& weights) {
  mao::TensorMap result;
  for (const auto& [name, value] : weights) {
    result[name.starts_with("visual.") || name == "logit_scale" ? name : "text." + name] = value;
  }
  return result;
}

}  // namespace mao_test
