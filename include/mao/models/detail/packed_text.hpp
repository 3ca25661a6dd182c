// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The packed pass of the text tower in formulas: LibTorch's operators and autograd, on any device.

#include <vector>

#include <ATen/ops/cat.h>

#include <mao/models/block.hpp>
#include <mao/models/block_prompts.hpp>
#include <mao/models/detail/packed_layout.hpp>

namespace mao::detail {

/// Puts `tokens` [n, W] or [B, n, W] in the place of those after the `first` ones, by default the start token.
/// **Shape** x [B, L, W].
Tensor with_replacement(const Tensor& x, const Tensor& tokens, std::int64_t first = 1);

/// What flows from block to block: the prefix of each group and the suffixes, apart.
class PackedText {
 public:
  /// **Shape** positions [context, W], added to the tokens of the batch.
  PackedText(const TextBatch& batch, const Tensor& positions);

  /// The last token of each row behind all blocks. **Shape** [R, W].
  [[nodiscard]] Tensor encode(const std::vector<Block>& blocks, const BlockPrompts& prompts) &&;

 private:
  /// Queries, keys and values of one block, prefix and suffix apart; attended tokens stand before the prefix's keys.
  struct Parts {
    Parts(const Block& block, const BlockPrompt& prompt, const PackedText& text);

    /// [N, W] -> [R, h, L, d]
    [[nodiscard]] Tensor padded(const Tensor& packed) const;
    /// The prefix of each row: [G, h, P, d] -> [R, h, P, d]
    [[nodiscard]] Tensor of_rows(const Tensor& shared) const;
    [[nodiscard]] Tensor keys() const { return at::cat({of_rows(prefix_k), padded(suffix_k)}, 2); }
    [[nodiscard]] Tensor values() const { return at::cat({of_rows(prefix_v), padded(suffix_v)}, 2); }

    const PackedLayout& layout;
    std::int64_t heads;
    std::int64_t seen;                    // keys before the suffix's
    Tensor prefix_q, prefix_k, prefix_v;  // [G, h, P, d]
    Tensor suffix_q, suffix_k, suffix_v;  // [N, W]
  };

  static Tensor merge_heads(const Tensor& x) { return x.transpose(1, 2).flatten(2); }  // [B, h, L, d] -> [B, L, W]

  /// All prefixes, then all suffixes. **Shape** [G * P + N, W].
  [[nodiscard]] Tensor rows() const { return at::cat({prefix_.flatten(0, 1), suffix_}); }

  void replace(const BlockPrompt& prompt);

  /// One block on the whole state.
  void pass(const Block& block, const BlockPrompt& prompt);

  /// The last block, where only the last token of each row is needed as a query. **Shape** [R, W].
  [[nodiscard]] Tensor read_out(const Block& block, const BlockPrompt& prompt);

  PackedLayout layout_;
  std::int64_t groups_, length_;  // G, P
  Tensor prefix_;                 // [G, P, W]
  Tensor suffix_;                 // [N, W]
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/packed_text.ipp>
#endif
