// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/mixing_block.hpp>

#include <cmath>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>
#include <mao/prompts/detail/dropout.hpp>

namespace mao {

MAO_INLINE MixingBlock::MixingBlock(std::string prefix, std::int64_t width, double dropout_fraction, const Rng& rng)
    : prefix_(std::move(prefix)),
      dropout_(dropout_fraction),
      out_(prefix_ + "self_attn.out_proj", width, width, rng),
      first_(prefix_ + "linear1", width, width, rng),
      second_(prefix_ + "linear2", width, width, rng) {
  require<OptionError>(dropout_ >= 0 && dropout_ < 1, prefix_, "dropout = ", dropout_, ", expected 0 to below 1");
  const double xavier = std::sqrt(6.0 / (4.0 * static_cast<double>(width)));
  in_weight_ = parameter(uniform_tensor({3 * width, width}, xavier, rng[prefix_ + "self_attn.in_proj_weight"]));
  in_bias_ = parameter(at::zeros({3 * width}));
  for (Tensor* weight : {&norm1_weight_, &norm2_weight_}) *weight = parameter(at::ones({width}));
  for (Tensor* bias : {&norm1_bias_, &norm2_bias_}) *bias = parameter(at::zeros({width}));
  const at::NoGradGuard no_graph;
  Tensor bias = out_.bias();
  bias.zero_();
}

MAO_INLINE Tensor MixingBlock::operator()(const Tensor& x, bool mix, const Rng& rng) const {
  const Tensor y = at::layer_norm(x + dropout(attention(x, mix, rng), dropout_, rng["dropout1"]), {x.size(1)},
                                  norm1_weight_, norm1_bias_);
  const Tensor hidden = first_(at::layer_norm(y, {x.size(1)}, norm2_weight_, norm2_bias_)).relu();
  return y + dropout(second_(dropout(hidden, dropout_, rng["dropout"])), dropout_, rng["dropout2"]);
}

MAO_INLINE void MixingBlock::append_to(ParameterList& list) const {
  list.push_back({prefix_ + "self_attn.in_proj_weight", in_weight_});
  list.push_back({prefix_ + "self_attn.in_proj_bias", in_bias_});
  out_.append_to(list);
  list.push_back({prefix_ + "norm1.weight", norm1_weight_});
  list.push_back({prefix_ + "norm1.bias", norm1_bias_});
  list.push_back({prefix_ + "norm2.weight", norm2_weight_});
  list.push_back({prefix_ + "norm2.bias", norm2_bias_});
  first_.append_to(list);
  second_.append_to(list);
}

MAO_INLINE Tensor MixingBlock::attention(const Tensor& x, bool mix, const Rng& rng) const {
  const auto qkv = at::linear(x, in_weight_, in_bias_).chunk(3, -1);
  const Tensor scores = at::matmul(qkv[0], qkv[1].t()) * (1.0 / std::sqrt(static_cast<double>(x.size(1))));
  const Tensor weights = mix ? at::softmax(scores, -1) : at::ones({x.size(0), 1}, x.options());
  const Tensor kept = dropout(weights, dropout_, rng["attention"]);
  return out_(mix ? at::matmul(kept, qkv[2]) : kept * qkv[2]);
}

}  // namespace mao
