// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// MobileNetV2 (Sandler et al., arXiv 1801.04381) as an ImageNet classifier, batch normalisation folded into its
/// weights.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>

#include <mao/core/detail/finite.hpp>
#include <mao/core/tensor.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/models/detail/mobilenet_graph.hpp>
#include <mao/models/fingerprint.hpp>

namespace mao {

/// Zeros before and after an extent: TensorFlow's SAME gives ceil(extent / stride) outputs and puts the odd zero last.
inline std::pair<std::int64_t, std::int64_t> same_padding(std::int64_t extent, std::int64_t kernel,
                                                          std::int64_t stride) {
  const std::int64_t outputs = (extent + stride - 1) / stride;
  const std::int64_t zeros = std::max<std::int64_t>(0, (outputs - 1) * stride + kernel - extent);
  return {zeros / 2, zeros - zeros / 2};
}

/// A convolution with SAME padding. **Shapes** input [B, I, H, W], weight [O, I / groups, K, K], bias [O].
inline Tensor convolve_same(const Tensor& input, const Tensor& weight, const Tensor& bias, std::int64_t stride,
                            std::int64_t groups) {
  const auto [top, bottom] = same_padding(input.size(2), weight.size(2), stride);
  const auto [left, right] = same_padding(input.size(3), weight.size(3), stride);
  const bool even = top == bottom && left == right;
  const Tensor padded = even ? input : at::constant_pad_nd(input, {left, right, top, bottom}, 0);
  const std::int64_t strides[] = {stride, stride}, dilation[] = {1, 1};
  const std::int64_t padding[] = {even ? top : 0, even ? left : 0};
  return at::conv2d(padded, weight, bias, strides, at::IntArrayRef(padding), dilation, groups);
}

/// A frozen network of convolutions, sums and one mean.
class MobileNetV2 {
 public:
  /// **Throws** `FormatError` when a convolution of `graph` finds no weight or bias, or a value is used before it is
  /// made.
  MobileNetV2(Graph graph, const TensorMap& weights) : graph_(std::move(graph)), fingerprint_(fingerprint_of(weights)) {
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

  /// Reads `NAME.safetensors` and `NAME.graph.json` of a folder.
  ///
  /// **Throws** `FileError`, `FormatError`.
  static MobileNetV2 load(const std::filesystem::path& folder, const std::string& name = "mobilenet_v2_tf2ptq") {
    return MobileNetV2(read_graph(folder / (name + ".graph.json")),
                       read_safetensors(folder / (name + ".safetensors")).tensors);
  }

  /// Logits, of the background class first where the network has one. **Shapes** pixels [B, 3, R, R] -> [B, classes].
  [[nodiscard]] Tensor classify(const Tensor& pixels) const {
    expect_shape(pixels, {-1, 3, -1, -1}, "MobileNetV2::classify: pixels");
    std::map<std::int64_t, Tensor> values{{graph_.input, pixels.contiguous(at::MemoryFormat::ChannelsLast)}};
    for (std::size_t i = 0; i < graph_.ops.size(); ++i) {
      values[graph_.ops[i].output] = run(graph_.ops[i], values);
      for (const std::int64_t value : last_use_[i]) values.erase(value);
    }
    return values.at(graph_.result).flatten(1);
  }

  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }

 private:
  struct Convolution {
    Tensor weight;
    Tensor bias;
  };

  void take_weights(const GraphOp& op, const TensorMap& weights) {
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

  [[nodiscard]] Tensor run(const GraphOp& op, const std::map<std::int64_t, Tensor>& values) const {
    const Tensor& input = values.at(op.inputs[0]);
    if (op.kind == GraphOp::Kind::Add) return input.add(values.at(op.inputs[1]));
    if (op.kind == GraphOp::Kind::Mean) return input.mean({2, 3}, true);
    const Convolution& layer = convolutions_.at(op.name);
    Tensor result = convolve_same(input, layer.weight, layer.bias, op.stride, op.groups);
    return op.relu6 ? result.clamp_(0, 6) : result;
  }

  Graph graph_;
  std::vector<std::vector<std::int64_t>> last_use_;  // values that no operation after the i-th needs
  std::map<std::string, Convolution> convolutions_;
  std::string fingerprint_;
};

}  // namespace mao
