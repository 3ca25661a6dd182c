// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/timm_tensors.hpp>

#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>
#include <mao/models/architecture.hpp>
#include <mao/models/detail/configured.hpp>

namespace mao::detail {

MAO_INLINE void add_stem_shapes(std::int64_t width, std::int64_t patch, ShapeTable& table) {
  const std::int64_t narrow = width / 4, rest = patch / stem_cell;
  table.push_back({"visual.stem.0.conv.weight", {narrow, 3, stem_first, stem_first}});
  table.push_back({"visual.stem.1.conv.weight", {narrow, narrow, stem_second, stem_second}});
  for (const char* norm : {"visual.stem.0.bn.", "visual.stem.1.bn."}) {
    for (const char* part : {"weight", "bias", "running_mean", "running_var"}) {
      table.push_back({std::string(norm) + part, {narrow}});
    }
  }
  table.push_back({"visual.conv1.weight", {width, narrow, rest, rest}});
}

/// Zeros for `attn.in_proj_bias` of every block of the image tower.
MAO_INLINE void add_zero_biases(TensorMap& tensors, const std::string& source) {
  const std::string prefix = "visual.transformer.resblocks.", weight = "attn.in_proj_weight";
  TensorMap biases;
  for (const auto& [name, value] : tensors) {
    if (!name.starts_with(prefix) || !name.ends_with(weight) || value.dim() != 2) continue;
    biases[name.substr(0, name.size() - weight.size()) + "attn.in_proj_bias"] = at::zeros({value.size(0)});
  }
  for (auto& [name, value] : biases) {
    require<FormatError>(tensors.try_emplace(name, value).second, source, ": has ", name,
                         " (attn.qkv.bias), and the image tower of its configuration has none; expected the "
                         "configuration of this checkpoint");
  }
}

MAO_INLINE void complete_timm(TensorMap& tensors, const ClipConfiguration& configuration, const TensorMap& original,
                              const std::string& source) {
  const char* norm = configuration.fc_norm ? "norm" : "fc_norm";
  const std::string wrong = text_of("visual.trunk.", norm, ".weight");
  require<FormatError>(!original.contains(wrong), source, ": has ", wrong, ", and with the pooling of ",
                       configuration.where, " the last layer norm is ", configuration.fc_norm ? "fc_norm" : "norm",
                       "; expected the configuration of this checkpoint");
  if (!configuration.qkv_bias) add_zero_biases(tensors, source);
  const auto positions = tensors.find("visual.positional_embedding");
  if (configuration.class_position || positions == tensors.end() || positions->second.dim() != 2) return;
  const Tensor rows = positions->second;
  positions->second = at::cat({at::zeros({1, rows.size(1)}, rows.options()), rows});
}

}  // namespace mao::detail
