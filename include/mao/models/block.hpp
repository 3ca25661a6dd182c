// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The residual block that both towers are made of, and its attention.

#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/precision.hpp>
#include <mao/models/form.hpp>

namespace mao {

/// Called with the name and value of an intermediate result, e.g. to compare with a trace of another implementation.
using Probe = std::function<void(const std::string& name, const Tensor& value)>;

namespace detail {

inline Tensor activate(const Tensor& x, Activation activation) {
  if (activation == Activation::QuickGelu) return x * at::sigmoid(x * 1.702);
  return at::gelu(x, activation == Activation::GeluTanh ? "tanh" : "none");
}

/// x W^T + b in the type of the weights, given back as that of x.
inline Tensor frozen_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  if (x.scalar_type() == weight.scalar_type()) return at::linear(x, weight, bias);
  return at::linear(x.to(weight.scalar_type()), weight, bias).to(x.scalar_type());
}

/// softmax(q k^T / sqrt(d) + mask) v, heads apart. **Shapes** q [B, h, Lq, d], k and v [B, h, Lk, d], mask
/// broadcastable to [B, h, Lq, Lk] or undefined.
inline Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask) {
  const bool differentiated =
      at::GradMode::is_enabled() && (q.requires_grad() || k.requires_grad() || v.requires_grad());
  if (!differentiated) {
    return at::scaled_dot_product_attention(q, k, v, mask.defined() ? std::optional<Tensor>(mask) : std::nullopt);
  }
  Tensor scores = at::matmul(q * (1.0 / std::sqrt(static_cast<double>(q.size(-1)))), k.transpose(-2, -1));
  if (mask.defined()) scores = scores + mask;
  return at::matmul(at::softmax(scores, -1), v);
}

}  // namespace detail

/// x + attention(LN(x)), then x + MLP(LN(x)). This is the description in formulas; fused_block.hpp computes the same
/// faster. In bf16 the weights and biases of the four products are bf16, all else is fp32.
struct Block {
  Tensor ln1_weight, ln1_bias;    // [W]
  Tensor qkv_weight, qkv_bias;    // [3W, W], [3W]
  Tensor out_weight, out_bias;    // [W, W], [W]
  Tensor ln2_weight, ln2_bias;    // [W]
  Tensor fc_weight, fc_bias;      // [M, W], [M]
  Tensor proj_weight, proj_bias;  // [W, M], [W]
  std::int64_t heads = 1;
  Activation activation = Activation::QuickGelu;
  double epsilon = 1e-5;

  /// Block number `index` under `prefix` (`transformer.resblocks.`), OpenAI's names.
  static Block from(const TensorMap& weights, const std::string& prefix, std::int64_t index,
                    const TowerForm& form = {}, Precision precision = Precision::Fp32) {
    const auto get = [&, name = prefix + std::to_string(index) + "."](const char* key) {
      return weights.at(name + key);
    };
    const auto product = [&](const char* key) {
      const Tensor weight = get(key);
      return precision == Precision::Bf16 ? weight.to(at::kBFloat16) : weight;
    };
    Block block{get("ln_1.weight"),
                get("ln_1.bias"),
                product("attn.in_proj_weight"),
                product("attn.in_proj_bias"),
                product("attn.out_proj.weight"),
                product("attn.out_proj.bias"),
                get("ln_2.weight"),
                get("ln_2.bias"),
                product("mlp.c_fc.weight"),
                product("mlp.c_fc.bias"),
                product("mlp.c_proj.weight"),
                product("mlp.c_proj.bias")};
    block.heads = form.heads_in(block.width());
    block.activation = form.activation;
    block.epsilon = form.epsilon;
    return block;
  }

  [[nodiscard]] std::int64_t width() const { return ln1_weight.size(0); }
  [[nodiscard]] std::int64_t mlp_width() const { return fc_weight.size(0); }

  /// Queries, keys and values of every token, [..., 3W].
  [[nodiscard]] Tensor queries_keys_values(const Tensor& x) const {
    return detail::frozen_linear(at::layer_norm(x, {width()}, ln1_weight, ln1_bias, epsilon), qkv_weight, qkv_bias);
  }

  /// What follows the attention: `x` plus its projection, then the MLP. **Shapes** both [..., W].
  [[nodiscard]] Tensor finish(const Tensor& x, const Tensor& attended) const {
    const Tensor middle = x + detail::frozen_linear(attended, out_weight, out_bias);
    const Tensor normed = at::layer_norm(middle, {width()}, ln2_weight, ln2_bias, epsilon);
    const Tensor hidden = detail::frozen_linear(normed, fc_weight, fc_bias);
    return middle + detail::frozen_linear(detail::activate(hidden, activation), proj_weight, proj_bias);
  }

  /// Keys and values, heads split, of tokens that are attended to and attend to nothing. **Shapes** tokens [m, W] ->
  /// twice [batch, h, m, W / h].
  [[nodiscard]] std::pair<Tensor, Tensor> keys_values(const Tensor& tokens, std::int64_t batch) const {
    const Tensor normed = at::layer_norm(tokens, {width()}, ln1_weight, ln1_bias, epsilon);
    const Tensor both = detail::frozen_linear(normed, qkv_weight.narrow(0, width(), 2 * width()),
                                              qkv_bias.narrow(0, width(), 2 * width()));
    const auto parts = both.unsqueeze(0).chunk(2, -1);
    const auto of_batch = [&](const Tensor& part) { return split_heads(part).expand({batch, -1, -1, -1}); };
    return {of_batch(parts[0]), of_batch(parts[1])};
  }

  /// The block on padded sequences. **Shapes** x [B, L, W], mask [L, m + L] additive or undefined, attended [m, W] or
  /// undefined: its keys stand before those of x.
  [[nodiscard]] Tensor forward(const Tensor& x, const Tensor& mask = {}, const Tensor& attended = {}) const {
    return finish(x, attend(queries_keys_values(x), x.size(1), mask, attended));
  }

  /// As `forward`, for the first token alone. **Shapes** x [B, L, W] -> [B, W].
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
                              const Tensor& attended) const {
    const auto parts = qkv.chunk(3, -1);
    Tensor keys = split_heads(parts[1]), values = split_heads(parts[2]);
    if (attended.defined()) {
      const auto [more_keys, more_values] = keys_values(attended, qkv.size(0));
      keys = at::cat({more_keys, keys}, 2);
      values = at::cat({more_values, values}, 2);
    }
    const Tensor mixed = detail::attention(split_heads(parts[0].narrow(1, 0, queries)), keys, values, mask);
    return mixed.transpose(1, 2).reshape({qkv.size(0), queries, width()});
  }
};

}  // namespace mao
