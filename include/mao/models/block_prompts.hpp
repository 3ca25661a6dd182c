// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Deep prompts: tokens that are added before and inside the blocks of a tower.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <mao/core/tensor.hpp>

namespace mao {

/// The prompt of one block. Either part may be undefined.
struct BlockPrompt {
  /// Replaces the prompt's tokens before the block: [n, W], or in the text tower [R, n, W], one for each row.
  /// In the text tower, the prompt's tokens are those after the start token, if there is one; in the image tower, the
  /// last ones.
  Tensor replacement;
  /// [m, W] tokens that every token sees but that see nothing: additional keys and values of this block only.
  Tensor attended;
};

/// One entry per block, from the first; blocks after the end have no prompt.
using BlockPrompts = std::vector<BlockPrompt>;

/// The prompt of an image tower.
struct ImagePrompts {
  Tensor tokens;      ///< [n, W] appended to the patches before the first layer norm, without a position
  BlockPrompts deep;  ///< replaces those tokens before later blocks

  /// Whether any part needs a gradient.
  [[nodiscard]] bool requires_grad() const {
    const auto trains = [](const Tensor& part) { return part.defined() && part.requires_grad(); };
    return trains(tokens) || std::ranges::any_of(deep, [&](const BlockPrompt& block) {
             return trains(block.replacement) || trains(block.attended);
           });
  }
};

/// Widths W and depths of a pair of towers.
struct TowerSizes {
  std::int64_t text_width = 0, text_layers = 0;
  std::int64_t vision_width = 0, vision_layers = 0;
};

namespace detail {

/// The prompt of block `index`; empty after the end.
inline BlockPrompt prompt_of(const BlockPrompts& prompts, std::size_t index) {
  return index < prompts.size() ? prompts[index] : BlockPrompt{};
}

/// All tensors that may need a gradient, by block: replacement, then attended tokens; either may be undefined.
void append_parts(const BlockPrompts& prompts, std::vector<Tensor>& to);

/// A prompt for each of `blocks` blocks, without gradients.
BlockPrompts detached(const BlockPrompts& prompts, std::size_t blocks);

/// Throws unless there are no more prompts than blocks.
void check_depth(const BlockPrompts& prompts, std::size_t blocks, const std::string& tower);

}  // namespace detail
}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/block_prompts.ipp>
#endif
