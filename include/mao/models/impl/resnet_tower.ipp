// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/resnet_tower.hpp>

#include <array>
#include <cmath>
#include <string>
#include <utility>

#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/softmax.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>
#include <mao/models/detail/folded_norm.hpp>

namespace mao::detail {

MAO_INLINE FrozenConvolution folded_convolution(const TensorMap& weights, const std::string& convolution,
                                                const std::string& norm, Precision precision, std::int64_t stride = 1) {
  const auto [weight, bias] = folded(weights, convolution, norm);
  return {weight, bias, precision, stride};
}

MAO_INLINE Tensor pooled(const Tensor& x, std::int64_t stride) {
  return stride > 1 ? at::avg_pool2d(x, {stride, stride}) : x;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE ResNetTower::ResNetTower(const TensorMap& weights, const ClipArchitecture& sizes, const ClipForm& form,
                                    Precision precision)
    : resolution_(sizes.resolution), precision_(precision) {
  for (int i = 1; i <= 3; ++i) {
    const std::string number = std::to_string(i);
    stem_.push_back(
        detail::folded_convolution(weights, "visual.conv" + number, "visual.bn" + number, precision, i == 1 ? 2 : 1));
  }
  for (std::size_t stage = 0; stage < sizes.resnet_blocks.size(); ++stage) {
    for (std::int64_t i = 0; i < sizes.resnet_blocks[stage]; ++i) {
      const std::string block = text_of("visual.layer", stage + 1, '.', i, '.');
      blocks_.push_back(bottleneck(weights, block, stage > 0 && i == 0 ? 2 : 1, precision));
    }
  }
  pool_ = attention_pool(weights, form.vision.heads_in(sizes.vision_channels()));
}

MAO_INLINE ResNetTower::Bottleneck ResNetTower::bottleneck(const TensorMap& weights, const std::string& block,
                                                           std::int64_t stride, Precision precision) {
  const auto part = [&](const char* number) {
    return detail::folded_convolution(weights, block + "conv" + number, block + "bn" + number, precision);
  };
  Bottleneck result{.reduce = part("1"), .spatial = part("2"), .expand = part("3"), .stride = stride, .shortcut = {}};
  result.projects = weights.contains(block + "downsample.0.weight");
  if (result.projects) {
    result.shortcut = detail::folded_convolution(weights, block + "downsample.0", block + "downsample.1", precision);
  }
  return result;
}

MAO_INLINE ResNetTower::AttentionPool ResNetTower::attention_pool(const TensorMap& weights, std::int64_t heads) {
  const auto of_pool = [&](const char* part) { return weights.at(std::string("visual.attnpool.") + part); };
  const std::int64_t channels = of_pool("q_proj.weight").size(0), head = channels / heads;
  const double scale = 1.0 / std::sqrt(static_cast<double>(head));
  return {.heads = heads,
          .positions = of_pool("positional_embedding"),
          .query = of_pool("q_proj.weight") * scale,
          .query_bias = of_pool("q_proj.bias") * scale,
          .key = of_pool("k_proj.weight").reshape({heads, head, channels}),
          .value = of_pool("v_proj.weight").reshape({heads, head, channels}),
          .value_bias = of_pool("v_proj.bias"),
          .output = of_pool("c_proj.weight"),
          .output_bias = of_pool("c_proj.bias")};
}

MAO_INLINE Tensor ResNetTower::encode(const Tensor& pixels) const {
  expect_shape(pixels, {-1, 3, resolution_, resolution_}, "ResNetTower::encode: pixels");
  Tensor x =
      pixels.to(precision_ == Precision::Bf16 ? at::kBFloat16 : at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
  for (const FrozenConvolution& convolution : stem_) x = convolution.forward_relu(x);
  x = detail::pooled(x, 2);
  for (const Bottleneck& block : blocks_) x = block.forward(x);
  return pool_.forward(x.to(at::kFloat));
}

MAO_INLINE Tensor ResNetTower::Bottleneck::forward(const Tensor& x) const {
  const Tensor inner = detail::pooled(spatial.forward_relu(reduce.forward_relu(x)), stride);
  const Tensor beside = projects ? shortcut.forward(detail::pooled(x, stride)) : x;
  return expand.forward_add_relu(inner, beside);
}

MAO_INLINE Tensor ResNetTower::AttentionPool::forward(const Tensor& x) const {
  const std::int64_t batch = x.size(0), channels = x.size(1);
  Tensor tokens = x.flatten(2).transpose(1, 2);  // [B, g * g, C]
  tokens = at::cat({tokens.mean({1}, true), tokens}, 1) + positions;
  const Tensor asked = at::linear(tokens.select(1, 0), query, query_bias).reshape({batch, heads, -1});
  const Tensor by_head = at::bmm(asked.transpose(0, 1), key).transpose(0, 1);                 // [B, h, C]
  const Tensor shares = at::softmax(at::bmm(by_head, tokens.transpose(1, 2)), -1);            // [B, h, 1 + g * g]
  const Tensor mixed = at::bmm(shares, tokens);                                               // [B, h, C]
  const Tensor read = at::bmm(mixed.transpose(0, 1), value.transpose(1, 2)).transpose(0, 1);  // [B, h, d]
  return at::linear(read.reshape({batch, channels}) + value_bias, output, output_bias);
}

}  // namespace mao
