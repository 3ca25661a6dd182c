// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/block.hpp>

#include <cmath>
#include <optional>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao::detail {

MAO_INLINE Tensor activate(const Tensor& x, Activation activation) {
  if (activation == Activation::QuickGelu) return x * at::sigmoid(x * 1.702);
  return at::gelu(x, activation == Activation::GeluTanh ? "tanh" : "none");
}

MAO_INLINE Tensor frozen_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  if (x.scalar_type() == weight.scalar_type()) return at::linear(x, weight, bias);
  return at::linear(x.to(weight.scalar_type()), weight, bias).to(x.scalar_type());
}

MAO_INLINE Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask) {
  const bool differentiated =
      at::GradMode::is_enabled() && (q.requires_grad() || k.requires_grad() || v.requires_grad());
  if (!differentiated) {
    return at::scaled_dot_product_attention(q, k, v, mask.defined() ? std::optional<Tensor>(mask) : std::nullopt);
  }
  Tensor scores = at::matmul(q * (1.0 / std::sqrt(static_cast<double>(q.size(-1)))), k.transpose(-2, -1));
  if (mask.defined()) scores = scores + mask;
  return at::matmul(at::softmax(scores, -1), v);
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Block Block::from(const TensorMap& weights, const std::string& prefix, std::int64_t index,
                             const TowerForm& form, Precision precision) {
  const std::string name = prefix + std::to_string(index) + ".";
  Block block = pooling(weights, name, form, precision);
  block.ln1_weight = weights.at(name + "ln_1.weight");
  block.ln1_bias = weights.at(name + "ln_1.bias");
  return block;
}

MAO_INLINE Block Block::pooling(const TensorMap& weights, const std::string& prefix, const TowerForm& form,
                                Precision precision) {
  const auto get = [&](const char* key) { return weights.at(prefix + key); };
  const auto weight = [&](const char* key) { return FrozenWeight(get(key), precision); };
  const auto bias = [&](const char* key) { return get(key).to(FrozenWeight::type_of(precision)); };
  Block block;
  block.qkv_weight = weight("attn.in_proj_weight");
  block.qkv_bias = bias("attn.in_proj_bias");
  block.out_weight = weight("attn.out_proj.weight");
  block.out_bias = bias("attn.out_proj.bias");
  block.ln2_weight = get("ln_2.weight");
  block.ln2_bias = get("ln_2.bias");
  block.fc_weight = weight("mlp.c_fc.weight");
  block.fc_bias = bias("mlp.c_fc.bias");
  block.proj_weight = weight("mlp.c_proj.weight");
  block.proj_bias = bias("mlp.c_proj.bias");
  block.heads = form.heads_in(block.width());
  block.activation = form.activation;
  block.epsilon = form.epsilon;
  return block;
}

MAO_INLINE Tensor Block::queries_keys_values(const Tensor& x) const {
  return detail::frozen_linear(at::layer_norm(x, {width()}, ln1_weight, ln1_bias, epsilon), qkv_weight, qkv_bias);
}

MAO_INLINE Tensor Block::finish(const Tensor& x, const Tensor& attended) const {
  const Tensor middle = x + detail::frozen_linear(attended, out_weight, out_bias);
  const Tensor normed = at::layer_norm(middle, {width()}, ln2_weight, ln2_bias, epsilon);
  const Tensor hidden = detail::frozen_linear(normed, fc_weight, fc_bias);
  return middle + detail::frozen_linear(detail::activate(hidden, activation), proj_weight, proj_bias);
}

MAO_INLINE std::pair<Tensor, Tensor> Block::keys_values(const Tensor& tokens, std::int64_t batch) const {
  const Tensor normed = at::layer_norm(tokens, {width()}, ln1_weight, ln1_bias, epsilon);
  const Tensor both = detail::frozen_linear(normed, qkv_weight.cast().narrow(0, width(), 2 * width()),
                                            qkv_bias.narrow(0, width(), 2 * width()));
  const auto parts = both.unsqueeze(0).chunk(2, -1);
  const auto of_batch = [&](const Tensor& part) { return split_heads(part).expand({batch, -1, -1, -1}); };
  return {of_batch(parts[0]), of_batch(parts[1])};
}

MAO_INLINE Tensor Block::attend(const Tensor& qkv, std::int64_t queries, const Tensor& mask,
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

}  // namespace mao
