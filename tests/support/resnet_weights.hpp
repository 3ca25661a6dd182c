// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Random weights of a small CLIP with a ResNet image tower.

#include <cmath>

#include <ATen/ops/scalar_tensor.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/random.hpp>
#include <mao/models/architecture.hpp>
#include <mao/prompts/phrase.hpp>

namespace mao_test {

/// A ResNet of width 8 with blocks 1, 2, 1, 1 on pictures of 64 px.
inline mao::ClipArchitecture small_resnet() {
  return {.embed = 24,
          .resolution = 64,
          .patch = 32,
          .vision_width = 8,
          .context = 16,
          .vocabulary = 518,
          .text_width = 64,
          .text_layers = 2,
          .text_mlp = 256,
          .resnet_blocks = {1, 2, 1, 1}};
}

/// Every tensor that such a checkpoint has: scales and variances around 1, all else small and random.
inline mao::TensorMap random_resnet_weights(const mao::ClipArchitecture& sizes, std::uint64_t seed) {
  const mao::Rng rng = mao::Rng(seed)["small ResNet"];
  mao::TensorMap weights{{"logit_scale", at::scalar_tensor(std::log(20.0), at::kFloat)}};
  for (const auto& [name, shape] : mao::detail::expected_shapes(sizes, {})) {
    std::int64_t inputs = 1;
    for (std::size_t i = 1; i < shape.size(); ++i) inputs *= shape[i];
    const mao::Tensor x = mao::normal_tensor(shape, 1.0, rng[name]);
    const bool scale = shape.size() == 1 && name.ends_with(".weight");
    weights[name] = name.ends_with("running_var") ? 0.5 + x.square()
                    : scale                       ? 1.0 + 0.2 * x
                    : shape.size() == 1           ? 0.1 * x
                                                  : x / std::sqrt(static_cast<double>(inputs));
  }
  return weights;
}

}  // namespace mao_test
