// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Deep prompts: what a prompted tower adds before and inside its blocks.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <mao/core/tensor.hpp>

namespace mao {

/// What is added at one block. Either part may be undefined.
struct BlockPrompt {
  /// Replaces the prompt's tokens before the block: [n, W], or in the text tower [R, n, W], one for each row.
  /// In the text tower the prompt's tokens are those after the start token, where there is one, in the image tower the
  /// last ones.
  Tensor replacement;
  /// [m, W] tokens that every token sees and that see nothing: extra keys and values of this block alone.
  Tensor attended;
};

/// By block, from the first; blocks behind the end have none.
using BlockPrompts = std::vector<BlockPrompt>;

/// The prompt of an image tower.
struct ImagePrompts {
  Tensor tokens;      ///< [n, W] appended to the patches before the first layer norm, without a position
  BlockPrompts deep;  ///< replaces those tokens before later blocks

  /// Whether a gradient flows into any part.
  [[nodiscard]] bool requires_grad() const {
    const auto trains = [](const Tensor& part) { return part.defined() && part.requires_grad(); };
    return trains(tokens) || std::any_of(deep.begin(), deep.end(), [&](const BlockPrompt& block) {
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

/// The prompt of block `index`, empty behind the end.
inline BlockPrompt prompt_of(const BlockPrompts& prompts, std::size_t index) {
  return index < prompts.size() ? prompts[index] : BlockPrompt{};
}

/// All that may carry a gradient, block by block: replacement, then attended tokens; either may be undefined.
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
