// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/mobilenet_v2.hpp>

#include <algorithm>

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>

#include <mao/config.hpp>
#include <mao/core/detail/finite.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/models/fingerprint.hpp>

namespace mao {

MAO_INLINE std::pair<std::int64_t, std::int64_t> same_padding(std::int64_t extent, std::int64_t kernel,
                                                              std::int64_t stride) {
  const std::int64_t outputs = (extent + stride - 1) / stride;
  const std::int64_t zeros = std::max<std::int64_t>(0, (outputs - 1) * stride + kernel - extent);
  return {zeros / 2, zeros - zeros / 2};
}

MAO_INLINE Tensor convolve_same(const Tensor& input, const Tensor& weight, const Tensor& bias, std::int64_t stride,
                                std::int64_t groups) {
  const auto [top, bottom] = same_padding(input.size(2), weight.size(2), stride);
  const auto [left, right] = same_padding(input.size(3), weight.size(3), stride);
  const bool even = top == bottom && left == right;
  const Tensor padded = even ? input : at::constant_pad_nd(input, {left, right, top, bottom}, 0);
  const std::int64_t strides[] = {stride, stride}, dilation[] = {1, 1};
  const std::int64_t padding[] = {even ? top : 0, even ? left : 0};
  return at::conv2d(padded, weight, bias, strides, at::IntArrayRef(padding), dilation, groups);
}

MAO_INLINE MobileNetV2::MobileNetV2(Graph graph, const TensorMap& weights)
    : graph_(std::move(graph)), fingerprint_(fingerprint_of(weights)) {
  std::map<std::int64_t, std::size_t> made{{graph_.input, 0}};
  last_use_.resize(graph_.ops.size());
  std::map<std::int64_t, std::size_t> used;
  for (std::size_t i = 0; i < graph_.ops.size(); ++i) {
    const GraphOp& op = graph_.ops[i];
    for (const std::int64_t input : op.inputs) {
      require<FormatError>(made.contains(input), "MobileNetV2: operation ", i, " (", op.name, ") uses value ", input,
                           ", which no earlier operation makes");
      used[input] = i;
    }
    made[op.output] = i;
    if (op.kind == GraphOp::Kind::Convolution) take_weights(op, weights);
  }
  for (const auto& [value, op] : used) last_use_[op].push_back(value);
}

MAO_INLINE MobileNetV2 MobileNetV2::load(const std::filesystem::path& folder, const std::string& name) {
  return MobileNetV2(read_graph(folder / (name + ".graph.json")),
                     read_safetensors(folder / (name + ".safetensors")).tensors);
}

MAO_INLINE Tensor MobileNetV2::classify(const Tensor& pixels) const {
  expect_shape(pixels, {-1, 3, -1, -1}, "MobileNetV2::classify: pixels");
  std::map<std::int64_t, Tensor> values{{graph_.input, pixels.contiguous(at::MemoryFormat::ChannelsLast)}};
  for (std::size_t i = 0; i < graph_.ops.size(); ++i) {
    values[graph_.ops[i].output] = run(graph_.ops[i], values);
    for (const std::int64_t value : last_use_[i]) values.erase(value);
  }
  return values.at(graph_.result).flatten(1);
}

MAO_INLINE void MobileNetV2::take_weights(const GraphOp& op, const TensorMap& weights) {
  const auto take = [&](const std::string& name) {
    const auto found = weights.find(name);
    require<FormatError>(found != weights.end(), "MobileNetV2: the graph needs the tensor ", name,
                         ", which the weights (", weights.size(), " tensors) lack; do both files belong together?");
    expect_finite(found->second, name, "MobileNetV2");
    return found->second.detach().to(at::kFloat);
  };
  const Tensor weight = take(op.name + ".weight"), bias = take(op.name + ".bias");
  expect_shape(weight, {-1, -1, -1, -1}, op.name + ".weight");
  expect_shape(bias, {weight.size(0)}, op.name + ".bias");
  convolutions_[op.name] = {weight.contiguous(at::MemoryFormat::ChannelsLast), bias.contiguous()};
}

MAO_INLINE Tensor MobileNetV2::run(const GraphOp& op, const std::map<std::int64_t, Tensor>& values) const {
  const Tensor& input = values.at(op.inputs[0]);
  if (op.kind == GraphOp::Kind::Add) return input.add(values.at(op.inputs[1]));
  if (op.kind == GraphOp::Kind::Mean) return input.mean({2, 3}, true);
  const Convolution& layer = convolutions_.at(op.name);
  Tensor result = convolve_same(input, layer.weight, layer.bias, op.stride, op.groups);
  return op.relu6 ? result.clamp_(0, 6) : result;
}

}  // namespace mao
