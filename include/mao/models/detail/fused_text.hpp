// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The packed pass of the text tower as the CPU computes it fastest, with its backward pass.
///
/// All rows lie in one buffer: suffix tokens first, then the prefix of each group. So whatever a layer leaves out is at
/// an end of the buffer: outputs of prompt tokens that the next block replaces (the last rows), gradients of class
/// names, which are constants (the first rows). Where the start token sees only itself it is not in the buffer at all:
/// its keys and values are constants of the model, which every query sees first.

#include <cstddef>
#include <memory>
#include <vector>

#include <mao/models/block_prompts.hpp>
#include <mao/models/detail/fused_block.hpp>
#include <mao/models/detail/packed_attention.hpp>
#include <mao/models/detail/text_constants.hpp>
#include <mao/models/detail/text_rows.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

/// One pass forward, kept for its backward pass.
class FusedTextPass {
 public:
  FusedTextPass(std::shared_ptr<const std::vector<FusedBlock>> blocks, std::shared_ptr<const TextConstants> constants,
                const TextBatch& batch, const BlockPrompts& prompts);

  /// What `backward` gives gradients for: prefix, suffix, and of each block its replacement and attended tokens.
  [[nodiscard]] static std::vector<Tensor> inputs(const TextBatch& batch, const BlockPrompts& prompts);

  /// **Shapes** prefix [G, P, W] and suffix [N, W], positions added -> [R, W], the last token of each row.
  Tensor forward(const Tensor& prefix, const Tensor& suffix, bool keep);

  /// From the gradient of what `forward` gave, [R, W], to those of `inputs`.
  [[nodiscard]] std::vector<Tensor> backward(const Tensor& gradient) const;

 private:
  struct Layer {
    TextRows text;
    BlockRows block;
    PackedAttention attention;
    KeptBlock kept;
    bool shared_before = false;  ///< before this layer rows shared prefixes, in it each has its own
  };

  /// Rows at the end of the buffer whose output the next block replaces.
  static std::int64_t dead_rows(const Tensor& next, const TextRows& rows);

  /// The prompt tokens exchanged, in place where only this pass holds x. A replacement for each row gives each a
  /// prefix of its own.
  static Tensor replaced(const Tensor& x, const Tensor& tokens, TextRows& rows, Layer& layer);

  /// The tokens after the start token of each prefix, as a view. **Shape** [G, n, W].
  static Tensor prompt_rows(const Tensor& x, const TextRows& rows, std::int64_t n);

  /// The gradient of block i's replacement; nothing of it goes further down.
  Tensor take_replacement(std::size_t i, RowsInBoth& down) const;

  /// Gradients of prefixes that every row has for itself, summed over the rows that shared one.
  [[nodiscard]] RowsInBoth shared_again(const Layer& layer, const RowsInBoth& down) const;

  std::shared_ptr<const std::vector<FusedBlock>> blocks_;
  std::shared_ptr<const TextConstants> constants_;
  BlockPrompts prompts_;
  TextRows start_;                 ///< before the first block
  std::vector<std::int64_t> ids_;  ///< of the suffix tokens, where they are known
  bool names_train_;
  std::size_t lowest_ = 0;  ///< below this block nothing trains
  std::vector<Layer> layers_;
};

}  // namespace mao::detail

#endif

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/fused_text.ipp>
#endif
