// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The residual block of both towers, and its attention.

#include <functional>
#include <string>
#include <utility>

#include <mao/core/precision.hpp>
#include <mao/core/tensor.hpp>
#include <mao/kernels/cpu/frozen_weight.hpp>
#include <mao/models/form.hpp>

namespace mao {

/// Called with the name and value of intermediate results, for example to compare with another implementation.
using Probe = std::function<void(const std::string& name, const Tensor& value)>;

namespace detail {

Tensor activate(const Tensor& x, Activation activation);

/// x W^T + b, computed in the type of the weights and returned in that of x.
Tensor frozen_linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

/// As above, in the type of the weight.
inline Tensor frozen_linear(const Tensor& x, const FrozenWeight& weight, const Tensor& bias) {
  return frozen_linear(x, weight.cast(), bias);
}

/// softmax(q k^T / sqrt(d) + mask) v for each head. **Shapes** q [B, h, Lq, d], k and v [B, h, Lk, d], mask
/// broadcastable to [B, h, Lq, Lk] or undefined.
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask);

}  // namespace detail

/// x + attention(LN(x)), then x + MLP(LN(x)), in formulas; fused_block.hpp computes the same faster. With bf16, the
/// weights and biases of the four products are bf16; everything else is fp32.
struct Block {
  Tensor ln1_weight, ln1_bias;                        // [W]
  FrozenWeight qkv_weight, out_weight;                // [3W, W], [W, W]
  Tensor qkv_bias, out_bias;                          // [3W], [W]
  Tensor ln2_weight, ln2_bias;                        // [W]
  FrozenWeight fc_weight, proj_weight;                // [M, W], [W, M]
  Tensor fc_bias, proj_bias;                          // [M], [W]
  std::int64_t heads = 1;
  Activation activation = Activation::QuickGelu;
  double epsilon = 1e-5;

  /// Block number `index` under `prefix` (`transformer.resblocks.`), OpenAI's names.
  static Block from(const TensorMap& weights, const std::string& prefix, std::int64_t index, const TowerForm& form = {},
                    Precision precision = Precision::Fp32);

  /// An attention pooling under `prefix`, named like a block: all but the first layer norm.
  static Block pooling(const TensorMap& weights, const std::string& prefix, const TowerForm& form, Precision precision);

  [[nodiscard]] std::int64_t width() const { return ln2_weight.size(0); }
  [[nodiscard]] std::int64_t mlp_width() const { return fc_weight.exact().size(0); }

  /// Queries, keys and values of every token, [..., 3W].
  [[nodiscard]] Tensor queries_keys_values(const Tensor& x) const;

  /// The part after the attention: `x` plus its projection, then the MLP. **Shapes** both [..., W].
  [[nodiscard]] Tensor finish(const Tensor& x, const Tensor& attended) const;

  /// Keys and values, split by head, of tokens that are attended to but do not attend. **Shapes** tokens [m, W] ->
  /// twice [batch, h, m, W / h].
  [[nodiscard]] std::pair<Tensor, Tensor> keys_values(const Tensor& tokens, std::int64_t batch) const;

  /// The block on padded sequences. **Shapes** x [B, L, W], mask [L, m + L] additive or undefined, attended [m, W] or
  /// undefined: its keys come before those of x.
  [[nodiscard]] Tensor forward(const Tensor& x, const Tensor& mask = {}, const Tensor& attended = {}) const {
    return finish(x, attend(queries_keys_values(x), x.size(1), mask, attended));
  }

  /// As `forward`, only for the first token. **Shapes** x [B, L, W] -> [B, W].
  [[nodiscard]] Tensor forward_first_token(const Tensor& x, const Tensor& attended = {}) const {
    return finish(x.select(1, 0), attend(queries_keys_values(x), 1, {}, attended).select(1, 0));
  }

  /// Splits heads: [B, L, W] -> [B, h, L, W / h].
  [[nodiscard]] Tensor split_heads(const Tensor& x) const {
    return x.reshape({x.size(0), x.size(1), heads, width() / heads}).transpose(1, 2);
  }

 private:
  /// Attention of the first `queries` tokens to all. **Shapes** qkv [B, L, 3W] -> [B, queries, W].
  [[nodiscard]] Tensor attend(const Tensor& qkv, std::int64_t queries, const Tensor& mask,
                              const Tensor& attended) const;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/block.ipp>
#endif
