// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/vision_tower.hpp>

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/fused_vision.hpp>
#include <mao/models/detail/fused_pass.hpp>

namespace mao {

MAO_INLINE std::size_t VisionTower::kept_bytes(std::int64_t images, std::int64_t tokens) const {
  return static_cast<std::size_t>(images * tokens) *
         detail::kept_bytes_per_token(width(), blocks_.front().mlp_width(), static_cast<std::int64_t>(blocks_.size()),
                                      precision_);
}

MAO_INLINE Tensor VisionTower::normed(const Tensor& x) const {
  return at::layer_norm(x, {width()}, ln_post_weight_, ln_post_bias_, epsilon_);
}

MAO_INLINE Tensor VisionTower::project(const Tensor& x) const {
  return projection_.defined() ? at::matmul(normed(x), projection_) : normed(x);
}

MAO_INLINE VisionTower::VisionTower(const TensorMap& weights, const ClipArchitecture& sizes, const ClipForm& form,
                                    Precision precision)
    : patch_(sizes.patch),
      resolution_(sizes.resolution),
      pooling_(form.image_pooling),
      norm_after_pooling_(form.norm_after_pooling),
      epsilon_(form.vision.epsilon),
      precision_(precision),
      patch_weight_(weights.at("visual.conv1.weight").flatten(1)),
      positions_(weights.at("visual.positional_embedding")),
      ln_post_weight_(weights.at("visual.ln_post.weight")),
      ln_post_bias_(weights.at("visual.ln_post.bias")) {
  if (form.class_token) class_token_ = weights.at("visual.class_embedding");
  if (form.patch_bias) patch_bias_ = weights.at("visual.conv1.bias");
  if (form.image_projection) projection_ = weights.at("visual.proj");
  if (pooling_ == ImagePooling::Attention) {
    pool_ = Block::pooling(weights, "visual.pool.", form.vision, precision);
    const std::int64_t w = width();
    probe_query_ = detail::frozen_linear(weights.at("visual.pool.probe"), pool_.qkv_weight.narrow(0, 0, w),
                                         pool_.qkv_bias.narrow(0, 0, w));
  }
  if (form.ln_pre) {
    ln_pre_weight_ = weights.at("visual.ln_pre.weight");
    ln_pre_bias_ = weights.at("visual.ln_pre.bias");
  }
  for (std::int64_t i = 0; i < sizes.vision_layers; ++i) {
    blocks_.push_back(Block::from(weights, "visual.transformer.resblocks.", i, form.vision, precision));
  }
#if MAO_HAS_AVX512_KERNELS
  if (pooling_ == ImagePooling::ClassToken && detail::kernels_know(blocks_)) {
    fused_ = detail::fused_blocks(blocks_, precision);
  }
#endif
}

MAO_INLINE Tensor VisionTower::encode(const Tensor& pixels, const ImagePrompts& prompts, const Probe& probe) const {
  expect_shape(pixels, {-1, 3, resolution_, resolution_}, "VisionTower::encode: pixels");
  detail::check_depth(prompts.deep, blocks_.size(), "VisionTower::encode");
  const Tensor patches = embed_patches(pixels);  // [B, g * g, W]
  const std::int64_t batch = pixels.size(0), grid = resolution_ / patch_;
  if (probe) probe("visual.conv1", patches.transpose(1, 2).reshape({batch, width(), grid, grid}));
  Tensor x = with_positions(patches);
  if (prompts.tokens.defined()) x = at::cat({x, of_batch(prompts.tokens, batch)}, 1);
  if (ln_pre_weight_.defined()) x = at::layer_norm(x, {width()}, ln_pre_weight_, ln_pre_bias_, epsilon_);
  if (probe) probe("visual.ln_pre", x);
#if MAO_HAS_AVX512_KERNELS
  if (!probe && fused_ != nullptr && detail::kernels_fit(x)) return project(encode_fused(x, prompts));
#endif
  for (std::size_t i = 0; i + 1 < blocks_.size(); ++i) {
    const BlockPrompt prompt = detail::prompt_of(prompts.deep, i);
    x = blocks_[i].forward(replaced(x, prompt, prompts), {}, prompt.attended);
    if (probe) probe("visual.block" + std::to_string(i), x);
  }
  const BlockPrompt last = detail::prompt_of(prompts.deep, blocks_.size() - 1);
  x = replaced(x, last, prompts);
  if (probe) probe("visual.block" + std::to_string(blocks_.size() - 1), blocks_.back().forward(x, {}, last.attended));
  if (pooling_ != ImagePooling::ClassToken) return project_patches(blocks_.back().forward(x, {}, last.attended));
  x = blocks_.back().forward_first_token(x, last.attended);
  if (probe) probe("visual.ln_post", normed(x));
  return project(x);
}

MAO_INLINE Tensor VisionTower::with_positions(const Tensor& patches) const {
  if (!class_token_.defined()) return patches + positions_;
  return at::cat({class_token_.expand({patches.size(0), 1, -1}), patches}, 1) + positions_;
}

MAO_INLINE Tensor VisionTower::project_patches(const Tensor& x) const {
  const std::int64_t first = class_token_.defined() ? 1 : 0;
  const Tensor patches = x.narrow(1, first, positions_.size(0) - first);
  if (pooling_ == ImagePooling::Patches && norm_after_pooling_) return project(patches.mean(1));
  const Tensor pooled = pooling_ == ImagePooling::Attention ? attend(normed(patches)) : normed(patches).mean(1);
  return projection_.defined() ? at::matmul(pooled, projection_) : pooled;
}

MAO_INLINE Tensor VisionTower::attend(const Tensor& patches) const {
  const std::int64_t batch = patches.size(0), w = width();
  const auto both =
      detail::frozen_linear(patches, pool_.qkv_weight.narrow(0, w, 2 * w), pool_.qkv_bias.narrow(0, w, 2 * w))
          .chunk(2, -1);
  const Tensor query = pool_.split_heads(probe_query_.expand({batch, 1, -1}));
  const Tensor mixed = detail::attention(query, pool_.split_heads(both[0]), pool_.split_heads(both[1]), {});
  return pool_.finish(at::zeros({batch, w}, patches.options()), mixed.transpose(1, 2).reshape({batch, w}));
}

}  // namespace mao

#if MAO_HAS_AVX512_KERNELS

namespace mao {

MAO_INLINE Tensor VisionTower::encode_fused(const Tensor& tokens, const ImagePrompts& prompts) const {
  const auto trained = detail::FusedVisionPass::inputs(tokens, prompts.deep);
  const bool keeps = at::GradMode::is_enabled() && std::any_of(trained.begin(), trained.end(), [](const Tensor& x) {
                       return x.defined() && x.requires_grad();
                     });
  const std::int64_t few = keeps ? 8 : 16;  // what is kept for the backward pass wants the cache too
  for (const BlockPrompt& prompt : prompts.deep) check_replacement(prompt, prompts);
  const bool again = kept_bytes(tokens.size(0), tokens.size(1)) > kept_limit_;
  std::vector<Tensor> parts;
  for (const Tensor& part : tokens.split(few)) {
    const Tensor images = part.detach();
    parts.push_back(detail::run_pass(
        detail::FusedVisionPass::inputs(part, prompts.deep), again,
        [blocks = fused_, deep = prompts.deep] { return std::make_shared<detail::FusedVisionPass>(blocks, deep); },
        [images](detail::FusedVisionPass& pass, bool keep) { return pass.forward(images, keep); }));
  }
  return at::cat(parts);
}

}  // namespace mao

#endif

namespace mao {

MAO_INLINE void VisionTower::check_replacement(const BlockPrompt& prompt, const ImagePrompts& prompts) {
  if (!prompt.replacement.defined()) return;
  const std::int64_t n = prompt.replacement.size(0), there = prompts.tokens.defined() ? prompts.tokens.size(0) : 0;
  require<ShapeError>(n <= there, "VisionTower::encode: a deep prompt replaces ", n, " tokens, the input prompt has ",
                      there);
}

MAO_INLINE Tensor VisionTower::replaced(const Tensor& x, const BlockPrompt& prompt, const ImagePrompts& prompts) {
  if (!prompt.replacement.defined()) return x;
  check_replacement(prompt, prompts);
  const std::int64_t n = prompt.replacement.size(0);
  return at::cat({x.narrow(1, 0, x.size(1) - n), of_batch(prompt.replacement, x.size(0))}, 1);
}

MAO_INLINE Tensor VisionTower::embed_patches(const Tensor& pixels) const {
  const std::int64_t grid = resolution_ / patch_, side = grid * patch_;
  const Tensor covered = side == resolution_ ? pixels : pixels.narrow(2, 0, side).narrow(3, 0, side);
  const Tensor cells = covered.reshape({-1, 3, grid, patch_, grid, patch_}).permute({0, 2, 4, 1, 3, 5});
  const Tensor flat = cells.reshape({pixels.size(0), grid * grid, 3 * patch_ * patch_});
  return patch_bias_.defined() ? at::linear(flat, patch_weight_, patch_bias_) : at::matmul(flat, patch_weight_.t());
}

}  // namespace mao
