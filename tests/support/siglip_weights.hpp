// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A small SigLIP with random weights, in the layouts of transformers and open_clip, with a tokenizer of letters.

#include <cmath>
#include <string>

#include <ATen/ops/scalar_tensor.h>
#include <nlohmann/json.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/core/random.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/models/architecture.hpp>
#include <mao/prompts/phrase.hpp>

#include <support/layouts.hpp>
#include <support/temporary_folder.hpp>

namespace mao_test {

/// Pictures of 18 px, of which patches of 4 px cover 16.
inline mao::ClipArchitecture small_siglip() {
  return {.embed = 32,
          .resolution = 18,
          .patch = 4,
          .vision_width = 32,
          .vision_layers = 2,
          .vision_mlp = 48,
          .pool_mlp = 48,
          .context = 24,
          .vocabulary = 40,
          .text_width = 48,
          .text_layers = 2,
          .text_mlp = 64};
}

inline mao::ClipForm siglip_form(mao::Activation activation = mao::Activation::GeluTanh) {
  mao::ClipForm form;
  form.vision = {.heads = 2, .activation = activation, .epsilon = 1e-6};
  form.text = {.heads = 3, .activation = activation, .epsilon = 1e-6};
  form.image_pooling = mao::ImagePooling::Attention;
  form.class_token = form.image_projection = form.ln_pre = form.causal = form.text_start = false;
  form.patch_bias = form.text_bias = true;
  form.text_pooling = mao::TextPooling::Last;
  return form;
}

/// Every tensor of such a checkpoint under mao's names: scales around 1, all else small and random.
inline mao::TensorMap random_siglip_weights(const mao::ClipArchitecture& sizes = small_siglip(),
                                            const mao::ClipForm& form = siglip_form()) {
  const mao::Rng rng = mao::Rng(5)["small SigLIP"];
  mao::TensorMap weights{{"logit_scale", at::scalar_tensor(std::log(20.0), at::kFloat).view({1})},
                         {"logit_bias", at::scalar_tensor(-10.0, at::kFloat).view({1})}};
  for (const auto& [name, shape] : mao::detail::expected_shapes(sizes, form)) {
    const std::int64_t inputs = shape.size() == 1 ? 1 : name == "token_embedding.weight" ? 4 : shape.back();
    const mao::Tensor x = mao::normal_tensor(shape, 1.0, rng[name]);
    const bool scale = shape.size() == 1 && name.ends_with(".weight");
    weights[name] = scale               ? 1.0 + 0.2 * x
                    : shape.size() == 1 ? 0.3 * x
                                        : 1.2 * x / std::sqrt(static_cast<double>(inputs));
  }
  return weights;
}

using mao::embedded::as_siglip_model;

/// As open_clip names them with an image tower of timm.
inline mao::TensorMap as_timm(const mao::TensorMap& weights) {
  mao::TensorMap own;
  for (const auto& [name, value] : weights) {
    if (!name.starts_with("visual.")) {
      const bool projection = name == "text_projection" && weights.contains("text_projection.bias");
      const std::string inside = projection ? "text.text_projection.weight" : "text." + name;
      own[name.starts_with("logit") ? name : inside] = projection ? value.t().contiguous() : value;
      continue;
    }
    std::string theirs = "visual.trunk." + name.substr(7);
    replace(theirs, "transformer.resblocks.", "blocks.");
    replace(theirs, ".ln_1.", ".norm1.");
    replace(theirs, ".pool.ln_2.", ".pool.norm.");
    replace(theirs, ".ln_2.", ".norm2.");
    replace(theirs, ".pool.attn.out_proj.", ".pool.proj.");
    replace(theirs, ".attn.out_proj.", ".attn.proj.");
    replace(theirs, ".c_fc.", ".fc1.");
    replace(theirs, ".c_proj.", ".fc2.");
    replace(theirs, ".pool.", ".attn_pool.");
    replace(theirs, "trunk.conv1.", "trunk.patch_embed.proj.");
    replace(theirs, "trunk.ln_post.", "trunk.norm.");
    if (name == "visual.positional_embedding") {
      own["visual.trunk.pos_embed"] = value.unsqueeze(0);
    } else if (name == "visual.pool.probe") {
      own["visual.trunk.attn_pool.latent"] = value.view({1, 1, -1});
    } else if (const auto at = theirs.find("attn.in_proj_"); at == std::string::npos) {
      own[theirs] = value;
    } else if (const std::string start = theirs.substr(0, at), kind = theirs.substr(at + 13);
               name.starts_with("visual.pool.")) {
      const auto parts = value.split({value.size(0) / 3, 2 * value.size(0) / 3});
      own[start + "q." + kind] = parts[0].contiguous();
      own[start + "kv." + kind] = parts[1].contiguous();
    } else {
      own[start + "attn.qkv." + kind] = value;
    }
  }
  return own;
}

/// The `config.json` of such a model.
inline nlohmann::json siglip_config(const mao::ClipArchitecture& sizes = small_siglip()) {
  return {{"model_type", "siglip"},
          {"vision_config",
           {{"hidden_size", sizes.vision_width},
            {"intermediate_size", sizes.vision_mlp},
            {"num_hidden_layers", sizes.vision_layers},
            {"num_attention_heads", 2},
            {"image_size", sizes.resolution},
            {"patch_size", sizes.patch}}},
          {"text_config",
           {{"hidden_size", sizes.text_width},
            {"intermediate_size", sizes.text_mlp},
            {"num_hidden_layers", sizes.text_layers},
            {"num_attention_heads", 3},
            {"max_position_embeddings", sizes.context},
            {"vocab_size", sizes.vocabulary},
            {"projection_size", sizes.embed}}}};
}

/// A tokenizer like SigLIP 2's: padding 0, end 1, then blank, letters and the dot, and "lo", "low".
inline void write_letter_tokenizer(const TemporaryFolder& folder) {
  nlohmann::json vocabulary{{"<pad>", 0},  {"<eos>", 1}, {"<bos>", 2}, {"<unk>", 3},
                            {"\u2581", 4}, {".", 31},    {"lo", 32},   {"low", 33}};
  for (char letter = 'a'; letter <= 'z'; ++letter) vocabulary[std::string(1, letter)] = 5 + letter - 'a';
  nlohmann::json special = nlohmann::json::array();
  for (const char* token : {"<pad>", "<eos>", "<bos>", "<unk>"}) {
    special.push_back({{"id", vocabulary[token]},
                       {"content", token},
                       {"single_word", false},
                       {"lstrip", false},
                       {"rstrip", false},
                       {"normalized", false},
                       {"special", true}});
  }
  auto file = nlohmann::json::parse(R"({"version": "1.0", "added_tokens": [], "pre_tokenizer": null,
    "normalizer": {"type": "Sequence", "normalizers": [{"type": "Lowercase"},
      {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
    "post_processor": null, "decoder": null,
    "model": {"type": "BPE", "dropout": null, "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": false,
      "vocab": {}, "merges": [["l", "o"], ["lo", "w"]]}})");
  file["added_tokens"] = special;
  file["model"]["vocab"] = vocabulary;
  folder.write("tokenizer.json", file.dump());
  folder.write("tokenizer_config.json",
               R"({"tokenizer_class": "Siglip2Tokenizer", "pad_token": "<pad>", "eos_token": "<eos>",
                   "padding_side": "right", "add_eos_token": true})");
}

/// A folder of transformers with these weights, given under mao's names.
inline void write_siglip(const TemporaryFolder& folder, const mao::TensorMap& weights = random_siglip_weights(),
                         const nlohmann::json& config = siglip_config()) {
  mao::write_safetensors(folder / "model.safetensors", as_siglip_model(weights));
  folder.write("config.json", config.dump());
  write_letter_tokenizer(folder);
}

}  // namespace mao_test
