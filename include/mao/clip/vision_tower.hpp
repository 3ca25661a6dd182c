// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CLIP's ViT image tower.

#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/matmul.h>

#include <mao/clip/architecture.hpp>
#include <mao/clip/block.hpp>

namespace mao {

/// Normalised pixels in, image features out (not normalised).
class VisionTower {
 public:
  VisionTower() = default;

  /// From weights with OpenAI's names.
  VisionTower(const TensorMap& weights, const ClipArchitecture& sizes, Activation activation)
      : patch_(sizes.patch),
        resolution_(sizes.resolution),
        patch_weight_(weights.at("visual.conv1.weight").flatten(1)),
        class_token_(weights.at("visual.class_embedding")),
        positions_(weights.at("visual.positional_embedding")),
        ln_pre_weight_(weights.at("visual.ln_pre.weight")),
        ln_pre_bias_(weights.at("visual.ln_pre.bias")),
        ln_post_weight_(weights.at("visual.ln_post.weight")),
        ln_post_bias_(weights.at("visual.ln_post.bias")),
        projection_(weights.at("visual.proj")) {
    for (std::int64_t i = 0; i < sizes.vision_layers; ++i) {
      blocks_.push_back(Block::from(weights, "visual.transformer.resblocks.", i, activation));
    }
  }

  [[nodiscard]] std::int64_t width() const { return patch_weight_.size(0); }
  [[nodiscard]] std::int64_t resolution() const { return resolution_; }

  /// **Shapes** pixels [B, 3, R, R] -> [B, D]. Without a probe the last block computes the class token alone (exact).
  [[nodiscard]] Tensor encode(const Tensor& pixels, const Probe& probe = {}) const {
    expect_shape(pixels, {-1, 3, resolution_, resolution_}, "VisionTower::encode: pixels");
    const Tensor patches = embed_patches(pixels);  // [B, g * g, W]
    const std::int64_t batch = pixels.size(0), grid = resolution_ / patch_;
    if (probe) probe("visual.conv1", patches.transpose(1, 2).reshape({batch, width(), grid, grid}));
    Tensor x = at::cat({class_token_.expand({batch, 1, -1}), patches}, 1) + positions_;
    x = at::layer_norm(x, {width()}, ln_pre_weight_, ln_pre_bias_);
    if (probe) probe("visual.ln_pre", x);
    for (std::size_t i = 0; i + 1 < blocks_.size(); ++i) {
      x = blocks_[i].forward(x);
      if (probe) probe("visual.block" + std::to_string(i), x);
    }
    if (probe) probe("visual.block" + std::to_string(blocks_.size() - 1), blocks_.back().forward(x));
    x = at::layer_norm(blocks_.back().forward_first_token(x), {width()}, ln_post_weight_, ln_post_bias_);
    if (probe) probe("visual.ln_post", x);
    return at::matmul(x, projection_);
  }

 private:
  /// The strided convolution as one matrix product. **Shapes** [B, 3, R, R] -> [B, g * g, W].
  [[nodiscard]] Tensor embed_patches(const Tensor& pixels) const {
    const std::int64_t grid = resolution_ / patch_;
    const Tensor cells = pixels.reshape({-1, 3, grid, patch_, grid, patch_}).permute({0, 2, 4, 1, 3, 5});
    return at::matmul(cells.reshape({pixels.size(0), grid * grid, 3 * patch_ * patch_}), patch_weight_.t());
  }

  std::int64_t patch_ = 0, resolution_ = 0;
  Tensor patch_weight_;                                                 // [W, 3 * patch * patch]
  Tensor class_token_, positions_;                                      // [W], [1 + g * g, W]
  Tensor ln_pre_weight_, ln_pre_bias_, ln_post_weight_, ln_post_bias_;  // [W]
  Tensor projection_;                                                   // [W, D]
  std::vector<Block> blocks_;
};

}  // namespace mao
