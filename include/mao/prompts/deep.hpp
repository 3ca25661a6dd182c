// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Learned prompts for single blocks of a tower, and the whole prompt of an image tower.

#include <string>

#include <mao/core/own_tensor.hpp>
#include <mao/core/random.hpp>
#include <mao/models/block_prompts.hpp>
#include <mao/prompts/phrase.hpp>

namespace mao {

namespace detail {

/// Throws unless a tower of `layers` blocks supports prompts of that depth. `what` names the setting.
void check_depth(std::int64_t depth, std::int64_t layers, const char* what);

}  // namespace detail

/// Vectors for blocks 1 .. depth - 1; the vectors of the input are not included.
///
/// Depth counts as in MaPLe: the layers with their own prompts, including the input layer. Depth 1 is a shallow prompt.
class DeepPrompts {
 public:
  DeepPrompts() = default;

  /// Normal (0, 0.02) vectors [count, width] for each block. The name of block i's is `prefix + i + suffix`.
  DeepPrompts(std::int64_t depth, std::int64_t count, std::int64_t width, const std::string& prefix,
              const std::string& suffix, const Rng& rng);

  /// The prompts for the tower: nothing for the first block, then a replacement for each block.
  [[nodiscard]] BlockPrompts block_prompts() const;

  [[nodiscard]] const ParameterList& parameters() const { return parameters_; }

 private:
  OwnParameters parameters_;
};

/// The learned prompt of an image tower: vectors next to the patches and, if deep, new ones before later blocks.
/// **Source** "VPT" in the CLIP of the MaPLe and PromptSRC repositories.
class VisionPrompt {
 public:
  VisionPrompt() = default;

  /// `count` vectors [count, width] at each of `depth` layers, normal (0, 0.02).
  VisionPrompt(std::int64_t depth, std::int64_t count, std::int64_t width, const Rng& rng)
      : deep_(depth, count, width, "image_encoder.transformer.resblocks.", ".VPT_shallow", rng),
        tokens_{"image_encoder.VPT", parameter(normal_tensor({count, width}, 0.02, rng["image_encoder.VPT"]))} {}

  [[nodiscard]] ImagePrompts prompts() const { return {.tokens = tokens_.value, .deep = deep_.block_prompts()}; }

  /// Input first, then block by block.
  [[nodiscard]] ParameterList parameters() const;

 private:
  DeepPrompts deep_;
  OwnParameter tokens_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/impl/deep.ipp>
#endif
