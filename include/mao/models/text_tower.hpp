// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CLIP's text tower in two forms: packed (for training) and dense (the readable reference for tests).
///
/// In CLIP, attention is causal and a row is read out at its last token, so later tokens have no effect and rows need
/// no padding. A shared prefix comes first, so its states are the same in every row and are computed once per group.
/// Both are exact. The packed pass exists in formulas (packed_text.hpp), for CPUs with AVX-512 (fused_text.hpp), and,
/// if the program has them, with kernels for another device (device_text_pass.hpp). A tower without a mask, or one that
/// is read out at another token, computes whole padded rows.

#include <cstddef>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include <mao/core/instruction_set.hpp>
#include <mao/models/block.hpp>
#include <mao/models/block_prompts.hpp>
#include <mao/models/text_batch.hpp>

namespace mao {

namespace detail {
class FusedBlock;
class TextConstants;
}  // namespace detail

/// Encodes token embeddings to text features, which are not normalised.
class TextTower {
 public:
  TextTower() = default;

  /// From weights with OpenAI's names.
  TextTower(const TensorMap& weights, std::int64_t layers, const ClipForm& form = {},
            Precision precision = Precision::Fp32);

  [[nodiscard]] std::int64_t width() const { return positions_.size(1); }
  [[nodiscard]] std::int64_t context_length() const { return positions_.size(0); }

  /// An estimate of the bytes that `encode` keeps for the backward pass of that many tokens, including prefixes.
  [[nodiscard]] std::size_t kept_bytes(std::int64_t tokens) const;
  /// A pass above this limit encodes its rows in parts and computes each part again in its backward pass: 1,000 classes
  /// need the memory of a few. The results are the same; the cost is one more forward pass.
  void limit_kept(std::size_t bytes) { kept_limit_ = bytes; }

  /// The packed path; `prompts` replace the tokens after the start token, where there is one, before some blocks.
  /// **Shape** [R, D].
  ///
  /// If there is a replacement for each row, every row has its own prefix from that block on.
  [[nodiscard]] Tensor encode(const TextBatch& batch, const BlockPrompts& prompts = {}) const;

  /// The reference path: rows are padded to one length, and each row is read out at `last`. **Shapes**
  /// embeddings [R, L, W], last [R] -> [R, D].
  [[nodiscard]] Tensor encode_dense(const Tensor& embeddings, const Tensor& last, const Probe& probe = {},
                                    const BlockPrompts& prompts = {}) const;

 private:
  /// **Throws** `OptionError`, `ShapeError` for prompts that do not match the tower or the batch.
  void check_prompts(const TextBatch& batch, const BlockPrompts& prompts) const;

  /// Prefix and suffix of a batch, with positions added. **Shapes** [G, P, W] and [N, W].
  [[nodiscard]] std::pair<Tensor, Tensor> with_positions(const TextBatch& batch) const;

#if MAO_HAS_AVX512_KERNELS
  /// All blocks. **Shape** [R, W].
  [[nodiscard]] Tensor encode_fused(const TextBatch& batch, const BlockPrompts& prompts, bool again) const;

  /// The same in parts of as many rows as the limit allows; each part is computed again in its backward pass.
  [[nodiscard]] Tensor encode_in_parts(const TextBatch& batch, const BlockPrompts& prompts) const;
#endif

  /// Rows that are padded to the model's context length, a few at a time. **Shape** [R, D].
  [[nodiscard]] Tensor encode_padded(const TextBatch& batch, const BlockPrompts& prompts) const;

  [[nodiscard]] Tensor normed(const Tensor& x) const;
  [[nodiscard]] Tensor project(const Tensor& x) const;

  Precision precision_ = Precision::Fp32;
  bool packs_ = true, causal_ = true;
  std::int64_t first_ = 1;  // tokens before those that a prompt replaces: the start token, where there is one
  TextPooling pooling_ = TextPooling::End;
  double epsilon_ = 1e-5;
  std::size_t kept_limit_ = std::numeric_limits<std::size_t>::max();
  Tensor positions_;            // [context, W]
  Tensor ln_weight_, ln_bias_;  // [W]
  Tensor projection_;           // [W, D]; undefined where features are as wide as the tower
  Tensor projection_bias_;      // [D] or undefined
  Tensor padding_;              // [W] of the padding token, where rows are padded
  std::vector<Block> blocks_;
#if MAO_HAS_AVX512_KERNELS
  std::shared_ptr<const std::vector<detail::FusedBlock>> fused_;
  std::shared_ptr<const detail::TextConstants> constants_;
#endif
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/text_tower.ipp>
#endif
