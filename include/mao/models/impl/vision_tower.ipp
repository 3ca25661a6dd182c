// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/vision_tower.hpp>

#include <algorithm>
#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/folded_norm.hpp>
#include <mao/models/detail/fused_pass.hpp>
#include <mao/models/detail/fused_vision.hpp>
#include <mao/models/detail/timm_tensors.hpp>

namespace mao {

MAO_INLINE std::size_t VisionTower::kept_bytes(std::int64_t images, std::int64_t tokens) const {
  return static_cast<std::size_t>(images * tokens) *
         detail::kept_bytes_per_token(width(), blocks_.front().mlp_width(), static_cast<std::int64_t>(blocks_.size()),
                                      precision_);
}

MAO_INLINE Tensor VisionTower::normed(const Tensor& x) const {
  return at::layer_norm(x, {width()}, ln_post_weight_, ln_post_bias_, epsilon_);
}

MAO_INLINE Tensor VisionTower::to_feature(const Tensor& x) const {
  Tensor feature = x;
  if (hidden_weight_.defined()) {
    feature = detail::activate(at::linear(feature, hidden_weight_, hidden_bias_), Activation::Gelu);
  }
  if (projection_.defined()) feature = at::matmul(feature, projection_);
  return projection_bias_.defined() ? feature + projection_bias_ : feature;
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
  read_ends(weights, form, precision);
  if (form.rotary) set_rotary(sizes, form);
  for (std::int64_t i = 0; i < sizes.vision_layers; ++i) {
    blocks_.push_back(Block::from(weights, "visual.transformer.resblocks.", i, form.vision, precision));
  }
#if MAO_HAS_AVX512_KERNELS
  if (pooling_ == ImagePooling::ClassToken && !form.rotary && detail::kernels_know(blocks_)) {
    fused_ = detail::fused_blocks(blocks_, precision);
  }
#endif
}

MAO_INLINE void VisionTower::read_ends(const TensorMap& weights, const ClipForm& form, Precision precision) {
  if (form.conv_stem) {
    for (const std::string part : {"visual.stem.0.", "visual.stem.1."}) {
      stem_.push_back(detail::folded(weights, part + "conv", part + "bn"));
    }
  }
  if (form.class_token) class_token_ = weights.at("visual.class_embedding");
  if (form.patch_bias) patch_bias_ = weights.at("visual.conv1.bias");
  if (form.ln_pre) {
    ln_pre_weight_ = weights.at("visual.ln_pre.weight");
    ln_pre_bias_ = weights.at("visual.ln_pre.bias");
  }
  if (form.image_mlp) {
    hidden_weight_ = weights.at("visual.proj_fc.weight");
    hidden_bias_ = weights.at("visual.proj_fc.bias");
  }
  if (form.image_projection) projection_ = weights.at("visual.proj");
  if (form.image_bias) projection_bias_ = weights.at("visual.proj.bias");
  if (pooling_ != ImagePooling::Attention) return;
  TowerForm pooling = form.vision;
  if (form.pool_heads > 0) pooling.heads = form.pool_heads;
  pool_ = Block::pooling(weights, "visual.pool.", pooling, precision);
  const std::int64_t w = width();
  probe_query_ = detail::frozen_linear(weights.at("visual.pool.probe"), pool_.qkv_weight.cast().narrow(0, 0, w),
                                       pool_.qkv_bias.narrow(0, 0, w));
}

/// **Source** timm 1.0.31, RotaryEmbeddingCat with grid_indexing "xy": the first half of the channels of a head turns by
/// the column, the second by the row.
MAO_INLINE void VisionTower::set_rotary(const ClipArchitecture& sizes, const ClipForm& form) {
  const std::int64_t grid = sizes.resolution / sizes.patch, first = form.class_token ? 1 : 0;
  const std::int64_t head = sizes.vision_width / form.vision.heads_in(sizes.vision_width), bands = head / 4;
  require<FormatError>(head % 4 == 0, "heads of ", head, " channels have no rotary positions; expected a multiple of 4");
  rotary_cos_ = at::empty({first + grid * grid, head});
  rotary_sin_ = at::empty({first + grid * grid, head});
  auto cosines = rotary_cos_.accessor<float, 2>(), sines = rotary_sin_.accessor<float, 2>();
  for (std::int64_t token = 0; token < first + grid * grid; ++token) {
    for (std::int64_t channel = 0; channel < head; ++channel) {
      const std::int64_t patch = token - first, pair = channel / 2;
      const std::int64_t place = (pair < bands ? patch % grid : patch / grid) + *form.rotary;
      const double band = static_cast<double>(pair % bands) / static_cast<double>(bands);
      const double angle = patch < 0 ? 0.0 : static_cast<double>(place) * std::pow(10000.0, -band);
      cosines[token][channel] = static_cast<float>(std::cos(angle));
      sines[token][channel] = static_cast<float>(std::sin(angle));
    }
  }
  rotary_cos_ = rotary_cos_.to(positions_.device());
  rotary_sin_ = rotary_sin_.to(positions_.device());
}

MAO_INLINE Tensor VisionTower::rotated(const Tensor& x) const {
  const std::int64_t count = rotary_cos_.size(0), more = x.size(2) - count;
  const Tensor own = x.narrow(2, 0, count), pairs = own.reshape({x.size(0), x.size(1), count, -1, 2});
  const Tensor turned = at::stack({-pairs.select(-1, 1), pairs.select(-1, 0)}, -1).reshape(own.sizes());
  const Tensor result = own * rotary_cos_ + turned * rotary_sin_;
  return more > 0 ? at::cat({result, x.narrow(2, count, more)}, 2) : result;
}

MAO_INLINE Tensor VisionTower::forward(const Block& block, const Tensor& x, const Tensor& attended) const {
  if (!rotary_cos_.defined()) return block.forward(x, {}, attended);
  const auto parts = block.queries_keys_values(x).chunk(3, -1);
  Tensor keys = rotated(block.split_heads(parts[1])), values = block.split_heads(parts[2]);
  if (attended.defined()) {
    const auto [more_keys, more_values] = block.keys_values(attended, x.size(0));
    keys = at::cat({more_keys, keys}, 2);
    values = at::cat({more_values, values}, 2);
  }
  const Tensor mixed = detail::attention(rotated(block.split_heads(parts[0])), keys, values, {});
  return block.finish(x, mixed.transpose(1, 2).reshape(x.sizes()));
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
    x = forward(blocks_[i], replaced(x, prompt, prompts), prompt.attended);
    if (probe) probe("visual.block" + std::to_string(i), x);
  }
  const BlockPrompt last = detail::prompt_of(prompts.deep, blocks_.size() - 1);
  x = replaced(x, last, prompts);
  if (probe) probe("visual.block" + std::to_string(blocks_.size() - 1), forward(blocks_.back(), x, last.attended));
  if (pooling_ != ImagePooling::ClassToken) return project_patches(forward(blocks_.back(), x, last.attended));
  x = rotary_cos_.defined() ? forward(blocks_.back(), x, last.attended).select(1, 0)
                            : blocks_.back().forward_first_token(x, last.attended);
  if (probe) probe("visual.ln_post", normed(x));
  return project(x);
}

MAO_INLINE Tensor VisionTower::with_positions(const Tensor& patches) const {
  if (!class_token_.defined()) return patches + positions_;
  return at::cat({class_token_.expand({patches.size(0), 1, -1}), patches}, 1) + positions_;
}

MAO_INLINE Tensor VisionTower::project_patches(const Tensor& x) const {
  if (pooling_ == ImagePooling::Attention) return to_feature(attend(normed(x.narrow(1, 0, positions_.size(0)))));
  const std::int64_t first = class_token_.defined() ? 1 : 0;
  const Tensor patches = x.narrow(1, first, positions_.size(0) - first);
  return norm_after_pooling_ ? project(patches.mean(1)) : to_feature(normed(patches).mean(1));
}

MAO_INLINE Tensor VisionTower::attend(const Tensor& tokens) const {
  const std::int64_t batch = tokens.size(0), w = width();
  const auto both =
      detail::frozen_linear(tokens, pool_.qkv_weight.cast().narrow(0, w, 2 * w), pool_.qkv_bias.narrow(0, w, 2 * w))
          .chunk(2, -1);
  const Tensor query = pool_.split_heads(probe_query_.expand({batch, 1, -1}));
  const Tensor mixed = detail::attention(query, pool_.split_heads(both[0]), pool_.split_heads(both[1]), {});
  return pool_.finish(at::zeros({batch, w}, tokens.options()), mixed.transpose(1, 2).reshape({batch, w}));
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
  Tensor maps = pixels;
  for (const auto& [weight, bias] : stem_) {
    maps = detail::activate(at::conv2d(maps, weight, bias, weight.size(3)), Activation::Gelu);
  }
  const std::int64_t patch = stem_.empty() ? patch_ : patch_ / detail::stem_cell, channels = maps.size(1);
  const std::int64_t grid = resolution_ / patch_, side = grid * patch;
  const Tensor covered = side == maps.size(2) ? maps : maps.narrow(2, 0, side).narrow(3, 0, side);
  const Tensor cells = covered.reshape({-1, channels, grid, patch, grid, patch}).permute({0, 2, 4, 1, 3, 5});
  const Tensor flat = cells.reshape({pixels.size(0), grid * grid, channels * patch * patch});
  return patch_bias_.defined() ? at::linear(flat, patch_weight_, patch_bias_) : at::matmul(flat, patch_weight_.t());
}

}  // namespace mao
