// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// UPT's small transformer block, in which the prompts of both towers attend to each other.

#include <string>

#include <mao/core/own_tensor.hpp>
#include <mao/prompts/linear.hpp>

namespace mao {

/// With `y = LN1(x + drop(attention(x)))`, the block gives `y + drop(W2 drop(ReLU(W1 LN2(y))))`.
///
/// One head as wide as the tokens; all maps W -> W with bias. Trains 6 W^2 + 10 W numbers under torch's names:
/// `self_attn.in_proj_weight` [3W, W] and `_bias`, `self_attn.out_proj`, `linear1`, `linear2`, `norm1`, `norm2`.
/// **Source** `trainers/unified.py` of UPT's release.
class MixingBlock {
 public:
  MixingBlock() = default;

  /// Starts like torch's modules. **Throws** `OptionError` for a dropout outside [0, 1).
  MixingBlock(std::string prefix, std::int64_t width, double dropout_fraction, const Rng& rng);

  /// **Shape** x [n, W] -> [n, W]. `mix`: every token sees all tokens; otherwise each sees only itself. Dropout draws
  /// from `rng`.
  [[nodiscard]] Tensor operator()(const Tensor& x, bool mix, const Rng& rng) const;

  void append_to(ParameterList& list) const;

 private:
  [[nodiscard]] Tensor attention(const Tensor& x, bool mix, const Rng& rng) const;

  std::string prefix_;
  double dropout_ = 0;
  Linear out_, first_, second_;
  OwnTensor in_weight_, in_bias_;                                 // [3W, W], [3W]
  OwnTensor norm1_weight_, norm1_bias_, norm2_weight_, norm2_bias_;  // [W]
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/impl/mixing_block.ipp>
#endif
