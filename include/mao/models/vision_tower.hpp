// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The ViT image tower of CLIP and SigLIP, and timm's like them.

#include <cstddef>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include <mao/core/instruction_set.hpp>
#include <mao/models/architecture.hpp>
#include <mao/models/block.hpp>
#include <mao/models/block_prompts.hpp>

namespace mao {

namespace detail {
class FusedBlock;
}  // namespace detail

/// Encodes normalised pixels to image features, which are not normalised.
class VisionTower {
 public:
  VisionTower() = default;

  /// From weights with OpenAI's names.
  VisionTower(const TensorMap& weights, const ClipArchitecture& sizes, const ClipForm& form = {},
              Precision precision = Precision::Fp32);

  [[nodiscard]] std::int64_t width() const { return patch_weight_.size(0); }
  [[nodiscard]] std::int64_t resolution() const { return resolution_; }

  /// An estimate of the bytes that `encode` keeps for the backward pass of `images` images with `tokens` tokens each.
  [[nodiscard]] std::size_t kept_bytes(std::int64_t images, std::int64_t tokens) const;
  /// A pass above this limit computes everything again in its backward pass, a few images at a time, with the same
  /// results.
  void limit_kept(std::size_t bytes) { kept_limit_ = bytes; }

  /// **Shapes** pixels [B, 3, R, R] -> [B, D]. If the class token is read out, the last block computes only that token.
  ///
  /// Prompt tokens are at the end. Their place does not matter, because they have no position and attention has no
  /// order.
  [[nodiscard]] Tensor encode(const Tensor& pixels, const ImagePrompts& prompts = {}, const Probe& probe = {}) const;

 private:
  [[nodiscard]] Tensor normed(const Tensor& x) const;
  /// From the normalized output to the feature. **Shapes** [B, W] -> [B, D].
  [[nodiscard]] Tensor to_feature(const Tensor& x) const;
  /// From the class token of the last block to the feature. **Shapes** [B, W] -> [B, D].
  [[nodiscard]] Tensor project(const Tensor& x) const { return to_feature(normed(x)); }

  /// What comes before the blocks and after them.
  void read_ends(const TensorMap& weights, const ClipForm& form, Precision precision);
  /// Cosines and sines by which queries and keys of class token and patches are rotated.
  void set_rotary(const ClipArchitecture& sizes, const ClipForm& form);
  /// Pairs of channels, rotated by their token's row and column. **Shapes** [B, h, L, d]; prompts are not rotated.
  [[nodiscard]] Tensor rotated(const Tensor& x) const;
  /// One block. **Shape** x [B, L, W].
  [[nodiscard]] Tensor forward(const Block& block, const Tensor& x, const Tensor& attended) const;

  /// The same from the patches by their mean, or from class token and patches by attention. Without prompts. **Shapes**
  /// [B, L, W] -> [B, D].
  [[nodiscard]] Tensor project_patches(const Tensor& x) const;
  /// The probe's output for normalized tokens. **Shapes** [B, L, W] -> [B, W].
  [[nodiscard]] Tensor attend(const Tensor& tokens) const;
  /// Class token, if there is one, and patches, with their positions. **Shape** [B, L, W].
  [[nodiscard]] Tensor with_positions(const Tensor& patches) const;

#if MAO_HAS_AVX512_KERNELS
  /// All blocks, a few images at a time, so that intermediate results stay in the cache.
  /// **Shapes** [B, L, W] -> [B, W].
  [[nodiscard]] Tensor encode_fused(const Tensor& tokens, const ImagePrompts& prompts) const;
#endif

  static Tensor of_batch(const Tensor& tokens, std::int64_t batch) {
    return tokens.unsqueeze(0).expand({batch, -1, -1});
  }

  static void check_replacement(const BlockPrompt& prompt, const ImagePrompts& prompts);

  /// Replaces the prompt's tokens, which are the last ones. **Shape** x [B, L, W].
  static Tensor replaced(const Tensor& x, const BlockPrompt& prompt, const ImagePrompts& prompts);

  /// The strided convolution as one matrix product. **Shapes** [B, 3, R, R] -> [B, g * g, W].
  [[nodiscard]] Tensor embed_patches(const Tensor& pixels) const;

  std::int64_t patch_ = 0, resolution_ = 0;
  ImagePooling pooling_ = ImagePooling::ClassToken;
  bool norm_after_pooling_ = false;
  double epsilon_ = 1e-5;
  Precision precision_ = Precision::Fp32;
  std::size_t kept_limit_ = std::numeric_limits<std::size_t>::max();
  std::vector<std::pair<Tensor, Tensor>> stem_;  // weights and biases of the convolutions before the patches
  Tensor patch_weight_, patch_bias_;             // [W, inputs of a patch], [W] or undefined
  Tensor class_token_, positions_;               // [W] or undefined, [1 + g * g, W]
  Tensor ln_pre_weight_, ln_pre_bias_, ln_post_weight_, ln_post_bias_;  // [W]; the first two undefined without it
  Tensor hidden_weight_, hidden_bias_;                                  // [H, W], [H] of a layer before the projection
  Tensor projection_, projection_bias_;  // [W or H, D], [D]; undefined where there is none
  Tensor rotary_cos_, rotary_sin_;       // [1 + g * g, d] or undefined
  Tensor probe_query_;                   // [W] of an attention pooling
  Block pool_;                           // what follows; its first norm is undefined
  std::vector<Block> blocks_;
#if MAO_HAS_AVX512_KERNELS
  std::shared_ptr<const std::vector<detail::FusedBlock>> fused_;  // null where the kernels do not know the blocks
#endif
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/vision_tower.ipp>
#endif
