// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/embedded/toy_model.hpp>

#include <cctype>
#include <cmath>
#include <utility>

#include <ATen/ops/ones.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>

#include <mao/config.hpp>
#include <mao/models/fingerprint.hpp>
#include <mao/prompts/context.hpp>

namespace mao::testing {

MAO_INLINE ClipArchitecture toy_sizes() {
  return {.embed = 16,
          .resolution = 8,
          .patch = 4,
          .vision_width = 128,
          .vision_layers = 3,
          .vision_mlp = 512,
          .context = 24,
          .vocabulary = 64,
          .text_width = 64,
          .text_layers = 3,
          .text_mlp = 256};
}

}  // namespace mao::testing

namespace mao::testing::detail {

MAO_INLINE void add_random_blocks(TensorMap& weights, const std::string& prefix, std::int64_t layers,
                                  std::int64_t width, Rng rng, std::int64_t mlp) {
  if (mlp == 0) mlp = 4 * width;
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string name = prefix + std::to_string(i) + ".";
    const auto normal = [&](const std::string& key, const std::vector<std::int64_t>& shape, double deviation) {
      weights[name + key] = normal_tensor(shape, deviation, rng[name + key]);
    };
    const double deviation = 1.0 / std::sqrt(static_cast<double>(width));
    for (const char* norm : {"ln_1", "ln_2"}) {
      weights[name + norm + ".weight"] = at::ones({width});
      normal(std::string(norm) + ".bias", {width}, 0.05);
    }
    normal("attn.in_proj_weight", {3 * width, width}, deviation);
    normal("attn.in_proj_bias", {3 * width}, 0.02);
    normal("attn.out_proj.weight", {width, width}, deviation);
    normal("attn.out_proj.bias", {width}, 0.02);
    normal("mlp.c_fc.weight", {mlp, width}, deviation);
    normal("mlp.c_fc.bias", {mlp}, 0.02);
    normal("mlp.c_proj.weight", {width, mlp}, deviation / 2);
    normal("mlp.c_proj.bias", {width}, 0.02);
  }
}

}  // namespace mao::testing::detail

namespace mao::testing {

MAO_INLINE TensorMap random_clip_weights(const ClipArchitecture& sizes, std::uint64_t seed) {
  const Rng rng = Rng(seed)["toy clip"];
  TensorMap weights;
  const auto normal = [&](const std::string& name, const std::vector<std::int64_t>& shape, double deviation) {
    weights[name] = normal_tensor(shape, deviation, rng[name]);
  };
  const std::int64_t grid = sizes.resolution / sizes.patch, vision = sizes.vision_width, text = sizes.text_width;
  normal("visual.conv1.weight", {vision, 3, sizes.patch, sizes.patch}, 0.2);
  normal("visual.class_embedding", {vision}, 0.2);
  normal("visual.positional_embedding", {grid * grid + 1, vision}, 0.1);
  normal("visual.proj", {vision, sizes.embed}, 1.0 / std::sqrt(static_cast<double>(vision)));
  normal("token_embedding.weight", {sizes.vocabulary, text}, 0.3);
  normal("positional_embedding", {sizes.context, text}, 0.1);
  normal("text_projection", {text, sizes.embed}, 1.0 / std::sqrt(static_cast<double>(text)));
  for (const char* norm : {"visual.ln_pre", "visual.ln_post", "ln_final"}) {
    const std::int64_t width = std::string(norm) == "ln_final" ? text : vision;
    weights[std::string(norm) + ".weight"] = at::ones({width});
    weights[std::string(norm) + ".bias"] = at::zeros({width});
  }
  detail::add_random_blocks(weights, "visual.transformer.resblocks.", sizes.vision_layers, vision, rng, sizes.vision_mlp);
  detail::add_random_blocks(weights, "transformer.resblocks.", sizes.text_layers, text, rng, sizes.text_mlp);
  weights["logit_scale"] = at::scalar_tensor(std::log(20.0), at::kFloat);
  return weights;
}

MAO_INLINE ToyModel::ToyModel(TensorMap weights, const ClipArchitecture& sizes)
    : sizes_(sizes),
      weights_(std::move(weights)),
      fingerprint_(fingerprint_of(weights_)),
      text_(weights_, sizes.text_layers),
      vision_(weights_, sizes) {
  preprocess_.resolution = static_cast<int>(sizes.resolution);
}

MAO_INLINE std::vector<std::int64_t> ToyModel::tokenize(const std::string& text) const {
  std::vector<std::int64_t> ids;
  std::uint64_t hash = 0;
  const auto flush = [&] {
    if (hash != 0) ids.push_back(static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(sizes_.vocabulary - 2)));
    hash = 0;
  };
  for (const char c : text) {
    if (c == ' ' || c == '.') flush();
    if (c == ' ') continue;
    hash = (hash + static_cast<unsigned char>(c) + 1) * 2654435761U;
  }
  flush();
  return ids;
}

MAO_INLINE TowerSizes ToyModel::towers() const {
  return {.text_width = sizes_.text_width,
          .text_layers = sizes_.text_layers,
          .vision_width = sizes_.vision_width,
          .vision_layers = sizes_.vision_layers};
}

MAO_INLINE ToyImages::ToyImages(std::int64_t classes, std::int64_t per_class, std::uint64_t seed,
                                std::int64_t resolution) {
  const Tensor patterns = normal_tensor({classes, 3, resolution, resolution}, 1.0, Rng(17)["patterns"]);
  for (std::int64_t c = 0; c < classes; ++c) labels.insert(labels.end(), static_cast<std::size_t>(per_class), c);
  const Tensor noise = normal_tensor({classes * per_class, 3, resolution, resolution}, 0.5, Rng(seed)["noise"]);
  pixels = patterns.repeat_interleave(per_class, 0).add(noise);
}

MAO_INLINE ClassList toy_classes(std::int64_t count) {
  static const char* names[] = {"cat",       "big_dog", "red fox", "owl",      "blue whale", "ant",
                                "grey wolf", "bee",     "elk",     "old_crow", "newt",       "tiny frog"};
  ClassList classes;
  for (std::int64_t i = 0; i < count; ++i) {
    classes.names.push_back(i < 12 ? names[i] : "class " + std::to_string(i));
  }
  return classes;
}

}  // namespace mao::testing
