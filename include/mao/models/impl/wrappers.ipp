// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/wrappers.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include <mao/config.hpp>
#include <mao/models/architecture.hpp>

namespace mao::detail {

MAO_INLINE bool has_name_below(const TensorMap& tensors, const std::string& prefix) {
  const auto first = tensors.lower_bound(prefix);
  return first != tensors.end() && first->first.starts_with(prefix);
}

/// The prefixes below which both towers of a known layout stand; "" for a checkpoint without a wrapper.
MAO_INLINE std::set<std::string> clip_prefixes(const TensorMap& tensors) {
  std::set<std::string> prefixes;
  for (const auto& [name, tensor] : tensors) {
    for (const std::string_view tower : {"visual.", "vision_model."}) {
      const std::size_t at = name.find(tower);
      if (at == std::string::npos || (at > 0 && name[at - 1] != '.')) continue;
      const std::string prefix = name.substr(0, at);
      const bool text = tower == "visual." ? tensors.contains(prefix + "token_embedding.weight") ||
                                                 has_name_below(tensors, prefix + "text.")
                                           : has_name_below(tensors, prefix + "text_model.");
      if (text) prefixes.insert(prefix);
    }
  }
  return prefixes;
}

/// The first component of a name.
MAO_INLINE std::string_view head_of(std::string_view name) { return name.substr(0, name.find('.')); }

/// Entries of a training checkpoint beside the model: the state of what trained it.
MAO_INLINE bool is_training_state(std::string_view entry) {
  static constexpr std::array<std::string_view, 16> known{
      "optimizer", "optimizer_states", "optimizer_state_dict", "optim",     "opt",           "scaler",
      "scaler_state_dict", "amp",      "lr_scheduler",  "lr_schedulers", "scheduler", "scheduler_state_dict",
      "callbacks", "loops",            "rng_state",     "random_state"};
  return std::ranges::find(known, entry) != known.end();
}

/// Whether a tensor is computed with, by its name.
MAO_INLINE bool is_weight(std::string_view name) {
  static constexpr std::array<std::string_view, 6> endings{"weight",     "bias",      "proj",
                                                           "projection", "embedding", "logit_scale"};
  return std::ranges::any_of(endings, [&](std::string_view end) { return name.ends_with(end); });
}

/// The records of the model's modules, without the prefix. The code of a module around the model, which may compute
/// what the model's own would, is put behind that of its root.
MAO_INLINE std::map<std::string, ModuleRecord> modules_below(std::map<std::string, ModuleRecord> modules,
                                                             const std::string& prefix) {
  std::map<std::string, ModuleRecord> result;
  std::string around;
  for (auto& [path, module] : modules) {
    if ((path + ".").starts_with(prefix)) {
      result.emplace(path.size() < prefix.size() ? "" : path.substr(prefix.size()), std::move(module));
    } else if (path.empty() || prefix.starts_with(path + ".")) {
      around += module.code;
    }
  }
  if (const auto root = result.find(""); root != result.end()) root->second.code += around;
  return result;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE TensorFile unwrapped(TensorFile file, const std::string& source) {
  const std::set<std::string> prefixes = detail::clip_prefixes(file.tensors);
  if (prefixes.empty() || (prefixes.size() == 1 && prefixes.begin()->empty())) return file;
  const std::string& prefix = *prefixes.begin();
  require<FormatError>(prefixes.size() == 1, source, " holds several models, below \"", prefix, "\" and \"",
                       *std::next(prefixes.begin()), "\"; save the state dict of the one you mean in a file of its own");
  TensorFile result{{}, std::move(file.metadata)};
  result.modules = detail::modules_below(std::move(file.modules), prefix);
  for (auto& [name, tensor] : file.tensors) {
    if (name.starts_with(prefix)) {
      result.tensors.emplace(name.substr(prefix.size()), std::move(tensor));
      continue;
    }
    const auto entry = detail::head_of(name);
    require<FormatError>(entry != detail::head_of(prefix) && detail::is_training_state(entry), source,
                         ": its model has the prefix \"", prefix, "\", but there is \"", name,
                         "\" too, which is not part of it; save the model's own state dict");
  }
  return result;
}

MAO_INLINE void expect_real_weights(const TensorMap& tensors, const std::string& source) {
  for (const auto& [name, tensor] : tensors) {
    require<FormatError>(tensor.is_floating_point() || detail::is_bystander(name) || !detail::is_weight(name), source, ": ",
                         name, " is of type ", c10::toString(tensor.scalar_type()),
                         ", expected floating-point weights; a quantised model cannot be read; use the original one");
  }
}

}  // namespace mao
