// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/module_form.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include <mao/config.hpp>
#include <mao/models/detail/script_facts.hpp>

namespace mao::detail {

/// Whether it is known what a module of that class computes: those of the libraries whose CLIPs mao reads, and PyTorch's
/// own that they are made of. A class of anybody else may compute something else from the same tensors.
MAO_INLINE bool is_known_class(std::string_view type) {
  const auto begins = [&](std::string_view package) { return type.starts_with(package); };
  constexpr std::array libraries = {"open_clip.", "clip.model.", "transformers."};
  if (std::any_of(libraries.begin(), libraries.end(), begins)) return true;
  constexpr std::array parts = {"Linear",     "NonDynamicallyQuantizableLinear",
                                "LayerNorm",  "Conv2d",
                                "Embedding",  "Sequential",
                                "ModuleList", "ModuleDict",
                                "Identity",   "MultiheadAttention",
                                "Dropout",    "GELU"};
  const std::string_view name = type.substr(type.rfind('.') + 1);
  return begins("torch.nn.modules.") && std::find(parts.begin(), parts.end(), name) != parts.end();
}

MAO_INLINE StatedForm StatedFormReader::run() {
  for (const auto& [path, module] : modules_) {
    const bool image = is_below(path, "visual") || is_below(path, "vision_model");
    const bool words =
        is_below(path, "transformer") || is_below(path, "text") || is_below(path, "text_model") || path == "ln_final";
    if (image || words) read_part(path, module, image ? result_.vision : result_.text);
    if (!(image || words || path.empty()) || is_known_class(module.type)) continue;
    refuse(path.empty() ? "the model" : path, " is of class ", module.type,
           ", and mao knows what modules of open_clip, clip.model and transformers compute; if it computes the same, "
           "save its state dict (torch.save(model.state_dict(), PATH)) and put a configuration beside it");
  }
  if (const auto* image = module_at("visual")) {
    read_image_root(*image);
    result_.pixels = pixels_of(*image);
  }
  if (modules_.contains("visual.ln_pre")) result_.ln_pre = !module_at("visual.ln_pre")->type.ends_with(".Identity");
  read_text_root();
  return result_;
}

MAO_INLINE const ModuleRecord* StatedFormReader::module_at(const std::string& path) const {
  const auto found = modules_.find(path);
  return found == modules_.end() ? nullptr : &found->second;
}

MAO_INLINE std::optional<std::string> StatedFormReader::attribute(const ModuleRecord& module, const std::string& name) {
  const auto found = module.attributes.find(name);
  return found == module.attributes.end() ? std::nullopt : std::optional(found->second);
}

MAO_INLINE void StatedFormReader::read_part(const std::string& path, const ModuleRecord& module, StatedTower& tower) {
  const std::string name = path.substr(path.rfind('.') + 1);
  const auto heads = heads_of(module);
  if (heads && *heads < 1) refuse(path, " says that it has ", *heads, " heads, expected a positive number");
  if (heads) set(tower.heads, *heads, path, "number of heads");
  if (attribute(module, "add_zero_attn") == "true") refuse(path, " has add_zero_attn, which mao does not support");
  const bool norm = module.type.find("LayerNorm") != std::string::npos;
  const auto epsilon = norm ? epsilon_of(module) : std::nullopt;
  if (epsilon && !(*epsilon > 0 && *epsilon < 1)) refuse(path, " has epsilon ", *epsilon, ", expected 0 to 1");
  if (epsilon) set(tower.epsilon, *epsilon, path, "epsilon");
  if (name != "gelu" && name != "activation_fn") return;
  const auto activation = activation_of(module);
  if (!activation) {
    refuse("its activation ", path, " is of class ", module.type,
           ", expected QuickGELU, GELU, or the GELU by tanh; mao has no other");
  }
  set(tower.activation, *activation, path, "activation");
}

MAO_INLINE void StatedFormReader::read_image_root(const ModuleRecord& module) {
  if (const auto size = attribute(module, "image_size")) result_.resolution = leading_integer(*size);
  if (const auto size = attribute(module, "input_resolution")) result_.resolution = leading_integer(*size);
  if (const auto after = attribute(module, "final_ln_after_pool")) result_.norm_after_pooling = *after == "true";
  if (attribute(module, "global_average_pool") == "true") {
    refuse(
        "visual.global_average_pool is true, the mean of an older open_clip over patches and class token, which "
        "mao does not have");
  }
  if (const auto pool = attribute(module, "pool_type")) {
    if (*pool != "tok" && *pool != "avg") refuse("visual.pool_type is ", *pool, ", expected tok or avg");
    result_.image_pooling = *pool == "tok" ? ImagePooling::ClassToken : ImagePooling::Patches;
  } else if (is_trace(module)) {
    const bool reads_token = module.code.find("torch.select(") != std::string::npos;
    if (!reads_token || module.code.find("torch.mean(") != std::string::npos) {
      result_.doubt = "the code of its image tower does not read the class token alone";
    }
    result_.image_pooling = ImagePooling::ClassToken;
  }
}

MAO_INLINE nlohmann::json StatedFormReader::pixels_of(const ModuleRecord& module) const {
  nlohmann::json result;
  const auto add = [&](const std::string& key, const std::string& text) {
    const bool words = key == "interpolation" || key == "resize_mode" || key == "mode";
    const bool list = text.find(',') != std::string::npos;
    auto value = words ? nlohmann::json(text) : nlohmann::json::parse(list ? "[" + text + "]" : text, nullptr, false);
    if (value.is_discarded()) refuse("visual.preprocess_cfg.", key, " is ", text, ", expected numbers");
    result[key] = std::move(value);
  };
  constexpr std::string_view prefix = "preprocess_cfg.";
  for (const auto& [key, text] : module.attributes) {
    if (key.starts_with(prefix) && text != "None") add(key.substr(prefix.size()), text);
  }
  if (!result.is_null()) return result;
  if (const auto mean = attribute(module, "image_mean"); mean && *mean != "None") add("mean", *mean);
  if (const auto deviation = attribute(module, "image_std"); deviation && *deviation != "None")
    add("std", *deviation);
  return result;
}

MAO_INLINE void StatedFormReader::read_text_root() {
  for (const char* path : {"", "text", "text_model"}) {
    const ModuleRecord* module = module_at(path);
    if (module == nullptr) continue;
    const bool root = *path == '\0';
    read_text_pooling(*module, root ? "text_pool_type" : "pool_type", root ? "text_eos_id" : "eos_id");
    if (modules_.contains(root ? "ln_final" : text_of(path, ".ln_final"))) doubt_text_trace(*module);
    if (const auto mask = attribute(*module, "attn_mask")) result_.causal = *mask == "tensor";
    if (const auto projection = attribute(*module, "text_projection"))
      result_.text_projection = *projection != "None";
    if (const auto context = attribute(*module, "context_length")) result_.context = leading_integer(*context);
    if (const auto end = attribute(*module, "eos_token_id"); end && *end != "2" && *end != "49407") {
      refuse(path, ".eos_token_id is ", *end, ", expected 49407, the end-of-text token of CLIP's tokenizer, or 2");
    }
  }
  const ModuleRecord* block = module_at("transformer.resblocks.0");  // OpenAI's blocks keep the mask
  if (block == nullptr || result_.causal) return;
  if (const auto mask = attribute(*block, "attn_mask")) result_.causal = *mask == "tensor";
}

MAO_INLINE void StatedFormReader::doubt_text_trace(const ModuleRecord& module) {
  if (!is_trace(module)) return;
  if (module.code.find("torch.eq(") != std::string::npos)
    result_.doubt = "the code of its text tower looks for a token";
  if (attribute(module, "attn_mask") != "tensor") result_.doubt = "the code of its text tower keeps no mask";
  if (module.code.find("argmax(") == std::string::npos) {
    result_.doubt = "the code of its text tower does not read the end-of-text token";
  }
}

MAO_INLINE void StatedFormReader::read_text_pooling(const ModuleRecord& module, const std::string& key,
                                                    const std::string& end_key) {
  const auto pool = attribute(module, key);
  if (!pool) return;
  if (*pool == "first") result_.text_pooling = TextPooling::First;
  if (*pool == "last") result_.text_pooling = TextPooling::Last;
  if (*pool == "argmax" || *pool == "eos") result_.text_pooling = TextPooling::End;
  if (!result_.text_pooling) refuse(key, " is ", *pool, ", expected argmax, eos, first or last");
  if (*pool == "eos" && attribute(module, end_key) != "49407") {
    refuse(end_key, " is ", attribute(module, end_key).value_or("not there"),
           ", expected 49407, the end-of-text token of CLIP's tokenizer");
  }
}

}  // namespace mao::detail
