// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a CLIP checkpoint says about itself through the shapes of its tensors; no configuration file is needed.

#include <cmath>
#include <set>
#include <string>
#include <string_view>

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

}  // namespace detail

/// Reads the sizes off the tensors (OpenAI's names).
///
/// **Throws** `FormatError` naming the tensor that is missing or does not fit; ResNet image towers are refused.
inline ClipArchitecture infer_architecture(const TensorMap& weights, const std::string& source) {
  require<FormatError>(!weights.contains("visual.layer1.0.conv1.weight"), source,
                       ": a CLIP with a ResNet image tower; only ViT towers are supported (ViT-B/16, ViT-B/32, ViT-L/14, ...)");
  const auto get = [&](const std::string& name, std::int64_t dimensions) {
    const auto found = weights.find(name);
    require<FormatError>(found != weights.end(), source, ": no tensor ", name, " among its ", weights.size(),
                         "; expected a CLIP checkpoint with OpenAI, open_clip or Hugging Face names");
    require<FormatError>(found->second.dim() == dimensions, source, ": ", name, " has shape ",
                         shape_text(found->second.sizes()), ", expected ", dimensions, " dimensions");
    return found->second;
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
  require<FormatError>(get("visual.proj", 2).size(1) == sizes.embed, source, ": visual.proj projects to ",
                       weights.at("visual.proj").size(1), " dimensions, text_projection to ", sizes.embed);
  return sizes;
}

}  // namespace mao
