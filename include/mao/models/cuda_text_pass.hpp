// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The packed pass of the text tower with the kernels of this folder, forward and backward.

#include <vector>

#include <mao/kernels/cuda/attention.hpp>
#include <mao/kernels/cuda/row_kernels.hpp>
#include <mao/models/block.hpp>
#include <mao/models/block_prompts.hpp>
#include <mao/models/detail/device_text_pass.hpp>
#include <mao/models/text_batch.hpp>

namespace mao::cuda {

/// One pass forward, kept for its backward pass. Tokens lie in one buffer: the prefix of each group, then the suffixes.
class TextPass {
 public:
  /// Whether a GPU can take it: the kernels are in the program, activation and epsilon are those of OpenAI, and
  /// no row has a replacement of its own.
  [[nodiscard]] static bool can_take(const std::vector<Block>& blocks, const TextBatch& batch,
                                     const BlockPrompts& prompts);

  TextPass(std::vector<Block> blocks, const TextBatch& batch, BlockPrompts prompts);

  /// Continues with other rows of the same sizes, without allocating on the device.
  void rearrange(const TextBatch& batch);

  /// Drops what the last pass kept for its backward pass.
  void forget() { kept_.assign(blocks_.size(), Kept()); }

  /// The last token of each row behind all blocks. **Shapes** prefix [G, P, W] and suffix [N, W], positions added ->
  /// [R, W].
  /// `keep`: there will be a backward pass.
  Tensor forward(const Tensor& prefix, const Tensor& suffix, bool keep);

  /// Gradients of prefix and suffix, then of replacement and attended tokens of each block (undefined where there are
  /// none).
  std::vector<Tensor> backward(const Tensor& given);

 private:
  /// What the backward pass needs of a block.
  struct Kept {
    Tensor x, middle, hidden;
    NormedRows first, second, attended_norm;  // moments alone
    AttentionTensors tensors;
    AttendedRows attended;
  };

  [[nodiscard]] bool is_last(std::size_t i) const { return i + 1 == blocks_.size(); }
  [[nodiscard]] Tensor prefix_of(const Tensor& x) const {
    return x.narrow(0, 0, groups_ * length_).view({groups_, length_, x.size(1)});
  }
  /// The tokens that a prompt replaces, in every group. **Shape** [G, n, W].
  [[nodiscard]] Tensor replaceable(const Tensor& x, const BlockPrompt& prompt) const {
    return prefix_of(x).narrow(1, 1, prompt.replacement.size(0));
  }

  /// Layer norm into the type of the products; y is for the caller, the moments are kept.
  static Tensor normed(const Tensor& x, const Tensor& weight, const Tensor& bias, at::ScalarType type,
                       NormedRows& kept);

  Tensor forward_block(std::size_t i, const Tensor& x);

  /// `count` of queries, keys and values, from number `first` on.
  static std::vector<Tensor> projected(const Block& block, const Tensor& rows, std::int64_t first, std::int64_t count);

  /// From the gradient behind a block to that before it.
  Tensor backward_block(std::size_t i, const Tensor& gradient, Tensor& of_attended) const;

  std::vector<Block> blocks_;
  BlockPrompts prompts_;  // one a block
  std::int64_t groups_ = 1, length_ = 0;
  PackedAttention all_, read_;
  Tensor last_;  // [R] the tokens that are read out
  std::vector<Kept> kept_;
};

namespace detail {

/// What `TextPass::backward` gives gradients for, in its order.
std::vector<Tensor> pass_inputs(const BlockPrompts& prompts, const Tensor& prefix, const Tensor& suffix);

}  // namespace detail

/// The last token of each row behind all blocks, differentiable with respect to the batch and the prompts. **Shapes**
/// prefix [G, P, W] and suffix [N, W]: those of the batch with positions added -> [R, W].
Tensor encode_rows(const std::vector<Block>& blocks, const TextBatch& batch, const BlockPrompts& prompts,
                   const Tensor& prefix, const Tensor& suffix);

namespace detail {

inline constexpr DeviceTextPass text_pass{&TextPass::can_take, &encode_rows};

}  // namespace detail

/// From here on every `TextTower` of the program takes this pass wherever it can. Call it once, before the first pass.
inline void use_text_kernels() { registered_text_pass() = &detail::text_pass; }

}  // namespace mao::cuda

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/cuda_text_pass.ipp>
#endif
