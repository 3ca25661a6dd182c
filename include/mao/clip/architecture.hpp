// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a CLIP checkpoint says about itself through the shapes of its tensors; no configuration file is needed.

#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mao/core/tensor.hpp>

namespace mao {

/// The sizes of a CLIP model with a ViT image tower. Heads are width / 64 in both towers.
struct ClipArchitecture {
  std::int64_t embed = 0;       ///< D, the joint embedding
  std::int64_t resolution = 0;  ///< R, pixels a side
  std::int64_t patch = 0;
  std::int64_t vision_width = 0;
  std::int64_t vision_layers = 0;
  std::int64_t context = 0;  ///< longest token row
  std::int64_t vocabulary = 0;
  std::int64_t text_width = 0;
  std::int64_t text_layers = 0;

  friend bool operator==(const ClipArchitecture&, const ClipArchitecture&) = default;
};

namespace detail {

/// How many different numbers follow `prefix` in the names.
inline std::int64_t count_blocks(const TensorMap& weights, std::string_view prefix) {
  std::set<std::string> found;
  for (const auto& [name, value] : weights) {
    if (name.starts_with(prefix)) {
      found.insert(name.substr(prefix.size(), name.find('.', prefix.size()) - prefix.size()));
    }
  }
  return static_cast<std::int64_t>(found.size());
}

/// Names of tensors and the shapes that they must have.
using ShapeTable = std::vector<std::pair<std::string, std::vector<std::int64_t>>>;

inline void add_block_shapes(const std::string& prefix, std::int64_t layers, std::int64_t width, ShapeTable& table) {
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string block = prefix + std::to_string(i) + ".";
    for (const char* name :
         {"ln_1.weight", "ln_1.bias", "ln_2.weight", "ln_2.bias", "attn.out_proj.bias", "mlp.c_proj.bias"}) {
      table.push_back({block + name, {width}});
    }
    table.push_back({block + "attn.in_proj_weight", {3 * width, width}});
    table.push_back({block + "attn.in_proj_bias", {3 * width}});
    table.push_back({block + "attn.out_proj.weight", {width, width}});
    table.push_back({block + "mlp.c_fc.weight", {4 * width, width}});
    table.push_back({block + "mlp.c_fc.bias", {4 * width}});
    table.push_back({block + "mlp.c_proj.weight", {width, 4 * width}});
  }
}

/// Every tensor of both towers but the logit scale, which some files keep as [] and some as [1].
inline ShapeTable expected_shapes(const ClipArchitecture& sizes) {
  const std::int64_t grid = sizes.resolution / sizes.patch, vision = sizes.vision_width, text = sizes.text_width;
  ShapeTable table{{"visual.conv1.weight", {vision, 3, sizes.patch, sizes.patch}},
                   {"visual.class_embedding", {vision}},
                   {"visual.positional_embedding", {grid * grid + 1, vision}},
                   {"visual.proj", {vision, sizes.embed}},
                   {"token_embedding.weight", {sizes.vocabulary, text}},
                   {"positional_embedding", {sizes.context, text}},
                   {"text_projection", {text, sizes.embed}}};
  for (const char* kind : {".weight", ".bias"}) {
    for (const char* norm : {"visual.ln_pre", "visual.ln_post"}) table.push_back({std::string(norm) + kind, {vision}});
    table.push_back({std::string("ln_final") + kind, {text}});
  }
  add_block_shapes("visual.transformer.resblocks.", sizes.vision_layers, vision, table);
  add_block_shapes("transformer.resblocks.", sizes.text_layers, text, table);
  return table;
}

/// **Throws** `FormatError` when there is no such tensor.
inline const Tensor& tensor_of(const TensorMap& weights, const std::string& name, const std::string& source) {
  const auto found = weights.find(name);
  require<FormatError>(found != weights.end(), source, ": no tensor ", name, " among its ", weights.size(),
                       "; expected a CLIP checkpoint with OpenAI, open_clip or Hugging Face names");
  return found->second;
}

}  // namespace detail

/// Reads the sizes off the tensors (OpenAI's names) and checks that every tensor of both towers is there and fits.
///
/// **Throws** `FormatError` naming the tensor that is missing or does not fit; ResNet image towers are refused.
inline ClipArchitecture infer_architecture(const TensorMap& weights, const std::string& source) {
  require<FormatError>(
      !weights.contains("visual.layer1.0.conv1.weight"), source,
      ": a CLIP with a ResNet image tower; only ViT towers are supported (ViT-B/16, ViT-B/32, ViT-L/14, ...)");
  const auto get = [&](const std::string& name, std::int64_t dimensions) {
    const Tensor& value = detail::tensor_of(weights, name, source);
    require<FormatError>(value.dim() == dimensions, source, ": ", name, " has shape ", shape_text(value.sizes()),
                         ", expected ", dimensions, " dimensions");
    return value;
  };
  ClipArchitecture sizes;
  const Tensor patches = get("visual.conv1.weight", 4);
  sizes.vision_width = patches.size(0);
  sizes.patch = patches.size(3);
  sizes.vision_layers = detail::count_blocks(weights, "visual.transformer.resblocks.");
  const std::int64_t cells = get("visual.positional_embedding", 2).size(0) - 1;
  const auto grid = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(cells))));
  require<FormatError>(grid * grid == cells, source, ": visual.positional_embedding has ", cells + 1,
                       " rows, expected a square number of patches plus one");
  sizes.resolution = sizes.patch * grid;
  sizes.embed = get("text_projection", 2).size(1);
  sizes.context = get("positional_embedding", 2).size(0);
  sizes.vocabulary = get("token_embedding.weight", 2).size(0);
  sizes.text_width = get("ln_final.weight", 1).size(0);
  sizes.text_layers = detail::count_blocks(weights, "transformer.resblocks.");
  for (const auto& [name, shape] : detail::expected_shapes(sizes)) {
    const Tensor& value = detail::tensor_of(weights, name, source);
    require<FormatError>(value.sizes() == at::IntArrayRef(shape), source, ": ", name, " has shape ",
                         shape_text(value.sizes()), ", expected ", shape_text(shape));
  }
  detail::tensor_of(weights, "logit_scale", source);
  return sizes;
}

}  // namespace mao
