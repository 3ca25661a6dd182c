// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The blocks of the image tower as the CPU computes them fastest, with their backward pass to prompts.

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <mao/models/block_prompts.hpp>
#include <mao/models/detail/block_rows.hpp>
#include <mao/models/detail/dense_attention.hpp>
#include <mao/models/detail/fused_block.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

/// One pass of a few images forward, kept for its backward pass.
class FusedVisionPass {
 public:
  FusedVisionPass(std::shared_ptr<const std::vector<FusedBlock>> blocks, const BlockPrompts& prompts)
      : blocks_(std::move(blocks)), prompts_(detached(prompts, blocks_->size())) {}

  /// What `backward` gives gradients for: the tokens that enter, and of each block its replacement and attended tokens.
  [[nodiscard]] static std::vector<Tensor> inputs(const Tensor& tokens, const BlockPrompts& prompts);

  /// **Shapes** tokens [B, L, W] -> [B, W], the first token of each image.
  Tensor forward(const Tensor& tokens, bool keep);

  /// From the gradient of what `forward` gave, [B, W], to those of `inputs`.
  [[nodiscard]] std::vector<Tensor> backward(const Tensor& gradient) const;

 private:
  [[nodiscard]] DenseAttention attention(std::size_t i) const;
  /// Whether the last block can do without keys and values.
  [[nodiscard]] bool reads_first(bool keep) const {
    return !keep && !prompts_.back().attended.defined() && blocks_->back().reads_first();
  }
  [[nodiscard]] BlockRows rows(std::size_t i) const;
  /// The last n tokens of each image, a view. **Shape** [B, n, W].
  [[nodiscard]] Tensor prompt_rows(const Tensor& x, std::int64_t n) const {
    return x.view({images_, length_, -1}).narrow(1, length_ - n, n);
  }

  std::shared_ptr<const std::vector<FusedBlock>> blocks_;
  BlockPrompts prompts_;
  std::int64_t images_ = 0, length_ = 0;
  std::vector<KeptBlock> kept_;
};

}  // namespace mao::detail

#endif

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/fused_vision.ipp>
#endif
