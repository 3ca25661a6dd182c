// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/module_form.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include <mao/config.hpp>
#include <mao/io/json_text.hpp>
#include <mao/models/detail/script_facts.hpp>

namespace mao::detail {

/// Whether it is known what a module of that class computes: those of the libraries whose CLIPs mao reads, and
/// PyTorch's own that they are made of. A class of anybody else may compute something else from the same tensors.
MAO_INLINE bool is_known_class(std::string_view type) {
  const auto begins = [&](std::string_view package) { return type.starts_with(package); };
  constexpr std::array libraries = {"open_clip.", "clip.model.", "transformers."};
  if (std::ranges::any_of(libraries, begins)) return true;
  constexpr std::array parts = {"Linear",     "NonDynamicallyQuantizableLinear",
                                "LayerNorm",  "Conv2d",
                                "Embedding",  "Sequential",
                                "ModuleList", "ModuleDict",
                                "Identity",   "MultiheadAttention",
                                "Dropout",    "GELU"};
  const std::string_view name = type.substr(type.rfind('.') + 1);
  return begins("torch.nn.modules.") && std::ranges::find(parts, name) != parts.end();
}

/// Whether the parts of a list, or of an MLP, are called in the order that all CLIPs have.
MAO_INLINE bool is_in_order(std::string_view path, std::string_view order) {
  if (path.ends_with(".mlp") && order.find("c_proj") != std::string_view::npos) {
    return order.starts_with("c_fc, gelu, c_proj");
  }
  std::int64_t expected = 0;
  if (!path.ends_with(".resblocks") && !path.ends_with(".layers")) return true;
  while (!order.empty()) {
    const std::string_view part = order.substr(0, order.find(", "));
    if (constant(part) != expected++) return false;
    order.remove_prefix(std::min(order.size(), part.size() + 2));
  }
  return true;
}

MAO_INLINE StatedForm StatedFormReader::run() {
  for (const auto& [path, module] : modules_) {
    const bool image = is_below(path, "visual") || is_below(path, "vision_model");
    const bool words =
        is_below(path, "transformer") || is_below(path, "text") || is_below(path, "text_model") || path == "ln_final";
    const bool ends =
        path.empty() || path == "token_embedding" || path == "visual_projection" || path == "text_projection";
    if (!(image || words || ends)) continue;
    if (image || words) read_part(path, module, image ? result_.vision : result_.text);
    expect_plain(path, module);
    expect_known_settings(path, module);
    read_mask(path, module, image);
  }
  if (const auto* image = module_at("visual")) {
    read_image_root(*image);
    result_.pixels = pixels_of(*image);
  }
  if (const auto* embeddings = module_at("vision_model.embeddings")) {
    if (const auto size = attribute(*embeddings, "image_size")) result_.resolution = leading_integer(*size);
  }
  if (modules_.contains("visual.ln_pre")) result_.ln_pre = !module_at("visual.ln_pre")->type.ends_with(".Identity");
  read_text_root();
  return result_;
}

MAO_INLINE void StatedFormReader::expect_plain(const std::string& path, const ModuleRecord& module) const {
  constexpr const char* advice =
      "; if it computes the same, save its state dict (torch.save(model.state_dict(), PATH)) and put a configuration "
      "beside it";
  const std::string name = path.empty() ? "the model" : path;
  if (!is_known_class(module.type)) {
    refuse(name, " is of class ", module.type,
           ", and mao knows what modules of open_clip, clip.model and transformers compute", advice);
  }
  for (const char* hooks : {"__forward_pre_hooks__", "__forward_hooks__"}) {
    if (module.code.find(hooks) != std::string::npos) refuse(name, " has hooks in its code (", hooks, ")", advice);
  }
  if (!module.hook.empty()) {
    refuse(name, " has a hook, ", module.hook,
           ", which may change what it computes; remove it (weight_norm, "
           "spectral_norm and prune have a function for that) and save the model again");
  }
  for (const char* own : {"forward", "encode_image", "encode_text", "get_image_features", "get_text_features"}) {
    if (attribute(module, own)) refuse(name, " has a function of its own in place of its class's `", own, "`", advice);
  }
  const std::string_view order = attribute(module, "_modules.order").value_or("");
  if (!is_in_order(path, order)) {
    refuse(
        name, " goes through its parts in the order ", order,
        ", expected that of their numbers, or c_fc, gelu, c_proj: the names of the weights do not show another order; "
        "put the parts in order before saving the model");
  }
  const std::string operation = foreign_operation(module);
  if (!operation.empty()) {
    refuse(name, "'s code calls torch.", operation, ", which code of the class ", module.type,
           " does not, as a hook or another forward would", advice);
  }
}

MAO_INLINE void StatedFormReader::expect_known_settings(const std::string& path, const ModuleRecord& module) const {
  const std::string name = path.substr(path.rfind('.') + 1);
  const bool activates = activation_of(module) || module.type.starts_with("transformers.activations.");
  if (activates && name != "gelu" && name != "activation_fn") {
    refuse(path, " is an activation of class ", module.type,
           ", which a CLIP does not have; expected a model without it");
  }
  if (module.type.ends_with("LayerNorm") && attribute(module, "weight") == "None") {
    refuse(path, " is a layer norm without weights, which a CLIP does not have; expected a model without it");
  }
  if (module.type.ends_with(".Embedding") && attribute(module, "max_norm").value_or("None") != "None") {
    refuse(path, ".max_norm is ", *attribute(module, "max_norm"), ", which shortens embeddings; expected None");
  }
  const auto width = attribute(module, "embed_dim"), heads = attribute(module, "num_heads");
  for (const char* key : {"scale", "scaling"}) {
    const auto scale = attribute(module, key);
    const auto number = scale ? leading_number<double>(*scale) : std::nullopt;
    if (!number || !width || !heads) continue;
    const double usual =
        std::sqrt(leading_number<double>(*heads).value_or(0) / leading_number<double>(*width).value_or(1));
    if (!(std::abs(*number / usual - 1) < 1e-6)) {
      refuse(path, '.', key, " is ", *scale, ", expected ", usual, ", one over the root of the channels of a head");
    }
  }
}

MAO_INLINE void StatedFormReader::read_mask(const std::string& path, const ModuleRecord& module, bool image) {
  const auto mask = attribute(module, "attn_mask");
  if (!mask) return;
  if (image && *mask != "None") refuse(path, " has an attn_mask; image towers of mao have none: expected None");
  if (!image) set(result_.causal, *mask == "tensor", path, "the attn_mask");
}

MAO_INLINE const ModuleRecord* StatedFormReader::module_at(std::string_view path) const {
  const auto found = modules_.find(std::string(path));
  return found == modules_.end() ? nullptr : &found->second;
}

MAO_INLINE std::optional<std::string_view> StatedFormReader::attribute(const ModuleRecord& module,
                                                                       std::string_view name) {
  const auto found = module.attributes.find(std::string(name));
  return found == module.attributes.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

MAO_INLINE void StatedFormReader::read_part(const std::string& path, const ModuleRecord& module, StatedTower& tower) {
  const std::string name = path.substr(path.rfind('.') + 1);
  const auto heads = heads_of(module);
  if (heads && *heads < 1) refuse(path, " says that it has ", *heads, " heads, expected a positive number");
  if (heads) set(tower.heads, *heads, path, "number of heads");
  if (attribute(module, "add_zero_attn") == "true") {
    refuse(path, " has add_zero_attn, which mao does not support; expected a model with add_zero_attn = False");
  }
  if (name == "conv1" || name == "patch_embedding") result_.window = window_of(module);
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
        "mao does not have; expected a model that reads the class token, or with pool_type avg of today's open_clip");
  }
  if (const auto pool = attribute(module, "pool_type")) {
    if (*pool != "tok" && *pool != "avg") {
      refuse("visual.pool_type is ", *pool,
             ", expected tok or avg; another model is needed, since the weights were "
             "trained with it");
    }
    result_.image_pooling = *pool == "tok" ? ImagePooling::ClassToken : ImagePooling::Patches;
  } else if (is_trace(module)) {
    const bool reads_token = module.code.find("torch.select(") != std::string::npos;
    if (!reads_token || module.code.find("torch.mean(") != std::string::npos) {
      result_.doubt = "the code of its image tower reads more than the class token";
    }
    result_.image_pooling = ImagePooling::ClassToken;
  }
}

MAO_INLINE nlohmann::json StatedFormReader::pixels_of(const ModuleRecord& module) const {
  nlohmann::json result;
  const auto add = [&](std::string_view key, std::string_view text) {
    const bool words = key == "interpolation" || key == "resize_mode" || key == "mode";
    const bool list = text.find(',') != std::string::npos;
    auto value = words ? nlohmann::json(text) : json_or_discarded(list ? text_of('[', text, ']') : std::string(text));
    if (value.is_discarded()) refuse("visual.preprocess_cfg.", key, " is ", text, ", expected numbers");
    result[std::string(key)] = std::move(value);
  };
  constexpr std::string_view prefix = "preprocess_cfg.";
  for (const auto& [key, text] : module.attributes) {
    if (key.starts_with(prefix) && text != "None") add(std::string_view(key).substr(prefix.size()), text);
  }
  if (!result.is_null()) return result;
  if (const auto mean = attribute(module, "image_mean"); mean && *mean != "None") add("mean", *mean);
  if (const auto deviation = attribute(module, "image_std"); deviation && *deviation != "None") add("std", *deviation);
  return result;
}

MAO_INLINE void StatedFormReader::read_text_root() {
  for (const char* path : {"", "text", "text_model"}) {
    const ModuleRecord* module = module_at(path);
    if (module == nullptr) continue;
    const bool root = *path == '\0';
    read_text_pooling(*module, root ? "text_pool_type" : "pool_type", root ? "text_eos_id" : "eos_id");
    if (modules_.contains(root ? "ln_final" : text_of(path, ".ln_final"))) doubt_text_trace(*module);
    if (const auto projection = attribute(*module, "text_projection")) result_.text_projection = *projection != "None";
    if (const auto context = attribute(*module, "context_length")) result_.context = leading_integer(*context);
    if (const auto end = attribute(*module, "eos_token_id"); end && *end != "2" && *end != "49407") {
      refuse(path, ".eos_token_id is ", *end,
             ", expected 49407, the end-of-text token of CLIP's tokenizer, or 2; a model whose texts end with another "
             "token needs another tokenizer");
    }
  }
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

MAO_INLINE void StatedFormReader::read_text_pooling(const ModuleRecord& module, std::string_view key,
                                                    std::string_view end_key) {
  const auto pool = attribute(module, key);
  if (!pool) return;
  if (*pool == "first") result_.text_pooling = TextPooling::First;
  if (*pool == "last") result_.text_pooling = TextPooling::Last;
  if (*pool == "argmax" || *pool == "eos") result_.text_pooling = TextPooling::End;
  if (!result_.text_pooling) {
    refuse(key, " is ", *pool,
           ", expected argmax, eos, first or last; another model is needed, since the weights were "
           "trained with it");
  }
  if (*pool == "eos" && attribute(module, end_key) != "49407") {
    refuse(end_key, " is ", attribute(module, end_key).value_or("not there"),
           ", expected 49407, the end-of-text token of CLIP's tokenizer; a model whose texts end with another token "
           "needs another tokenizer, and argmax is the same where they end with 49407");
  }
}

}  // namespace mao::detail
