// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Learned tokens that every block of a tower attends to; the least important ones can be removed.

#include <algorithm>
#include <string>
#include <vector>

#include <mao/core/own_tensor.hpp>
#include <mao/core/random.hpp>
#include <mao/models/block_prompts.hpp>

namespace mao {

/// `count` tokens for each of `layers` blocks: extra keys and values (`BlockPrompt::attended`), never queries.
///
/// A removed token is not passed to the tower (a zero vector would still get a share of the attention). Its row of the
/// parameter keeps its value from the time of removal: `restore` undoes weight decay and momentum. The saliency of a
/// token is |<dL/dp, p>|, summed over the training passes since `forget`. It is computed in the backward pass, so every
/// pass counts, with the token's value in that pass.
class TokenBank {
 public:
  TokenBank() = default;

  /// Normal (0, 0.02). The name of the parameter [layers, count, width] is `name`.
  TokenBank(std::string name, std::int64_t layers, std::int64_t count, std::int64_t width, const Rng& rng);

  /// The prompts for the blocks. `watch`: each backward pass adds to the saliency.
  [[nodiscard]] BlockPrompts prompts(bool watch) const;

  /// Removes tokens permanently. **Shape** positions: layer * count + place.
  void remove(const std::vector<std::int64_t>& positions);

  /// Undoes changes that an optimizer made to removed tokens.
  void restore() const;

  /// Starts a new sum of saliencies.
  void forget() { saliency_.zero_(); }

  /// Which tokens are in use, by position, and their number.
  [[nodiscard]] const std::vector<bool>& kept() const { return kept_; }
  [[nodiscard]] std::int64_t total() const { return std::count(kept_.begin(), kept_.end(), true); }

  /// Places of the tokens of a block that are in use.
  [[nodiscard]] std::vector<std::int64_t> kept_in(std::int64_t layer) const;

  [[nodiscard]] const Tensor& saliency() const { return saliency_; }  ///< [layers, count]
  [[nodiscard]] const Parameter& tokens() const { return tokens_; }
  [[nodiscard]] std::int64_t width() const { return tokens_.value.size(2); }

  /// `name.mask` (1: in) and `name.saliency`, [layers, count].
  void append_to(TensorMap& buffers) const;

  /// Restores saved masks and sums; the parameter must have its saved values already. **Throws** `ShapeError`.
  void set_buffers(const TensorMap& buffers);

 private:
  OwnParameter tokens_;     // [layers, count, W]
  std::vector<bool> kept_;  // [layers * count]
  Tensor removed_;          // as the tokens; rows that are out hold the values to keep
  OwnTensor saliency_;      // [layers, count], on the CPU
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/impl/token_bank.ipp>
#endif
