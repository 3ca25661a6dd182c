// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Learned tokens that every block of a tower attends to, of which the least important can be taken out.

#include <algorithm>
#include <string>
#include <vector>

#include <mao/core/own_tensor.hpp>
#include <mao/core/random.hpp>
#include <mao/models/block_prompts.hpp>

namespace mao {

/// `count` tokens for each of `layers` blocks: extra keys and values (`BlockPrompt::attended`), never queries.
///
/// A token that was taken out is not passed on at all (a zero vector would still take its share of the attention), and
/// its row of the parameter stays as it was when it was taken out, whatever weight decay and momentum do to it:
/// `restore` puts it back. The saliency of a token is |<dL/dp, p>|, summed over the training passes since `forget`. It
/// is taken while gradients flow back, so every pass counts, with the value that the token had in it.
class TokenBank {
 public:
  TokenBank() = default;

  /// Normal (0, 0.02). The parameter [layers, count, width] is called `name`.
  TokenBank(std::string name, std::int64_t layers, std::int64_t count, std::int64_t width, const Rng& rng);

  /// What the blocks attend to. `watch`: add to the saliency when a gradient comes back.
  [[nodiscard]] BlockPrompts prompts(bool watch) const;

  /// Takes tokens out permanently. **Shape** positions: layer * count + place.
  void remove(const std::vector<std::int64_t>& positions);

  /// Puts back what an optimizer has done to tokens that are out.
  void restore() const;

  /// Starts a new sum.
  void forget() { saliency_.zero_(); }

  /// Which tokens are in, by position, and how many.
  [[nodiscard]] const std::vector<bool>& kept() const { return kept_; }
  [[nodiscard]] std::int64_t total() const { return std::count(kept_.begin(), kept_.end(), true); }

  /// Places of the tokens of a block that are in.
  [[nodiscard]] std::vector<std::int64_t> kept_in(std::int64_t layer) const;

  [[nodiscard]] const Tensor& saliency() const { return saliency_; }  ///< [layers, count]
  [[nodiscard]] const Parameter& tokens() const { return tokens_; }
  [[nodiscard]] std::int64_t width() const { return tokens_.value.size(2); }

  /// `name.mask` (1: in) and `name.saliency`, [layers, count].
  void append_to(TensorMap& buffers) const;

  /// Takes over saved masks and sums; the parameter holds its saved values already. **Throws** `ShapeError`.
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
