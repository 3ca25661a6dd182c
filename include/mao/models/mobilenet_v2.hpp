// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// MobileNetV2 (Sandler et al., arXiv 1801.04381) as an ImageNet classifier, batch normalisation folded into its
/// weights.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/tensor.hpp>
#include <mao/models/detail/mobilenet_graph.hpp>

namespace mao {

/// Zeros before and after an extent: TensorFlow's SAME gives ceil(extent / stride) outputs and puts the odd zero last.
std::pair<std::int64_t, std::int64_t> same_padding(std::int64_t extent, std::int64_t kernel, std::int64_t stride);

/// A convolution with SAME padding. **Shapes** input [B, I, H, W], weight [O, I / groups, K, K], bias [O].
Tensor convolve_same(const Tensor& input, const Tensor& weight, const Tensor& bias, std::int64_t stride,
                     std::int64_t groups);

/// A frozen network of convolutions, sums and one mean.
class MobileNetV2 {
 public:
  /// **Throws** `FormatError` if a convolution of `graph` has no weight or bias, or a value is used before it is
  /// computed.
  MobileNetV2(Graph graph, const TensorMap& weights);

  /// Reads `NAME.safetensors` and `NAME.graph.json` of a folder.
  ///
  /// **Throws** `FileError`, `FormatError`.
  static MobileNetV2 load(const std::filesystem::path& folder, const std::string& name = "mobilenet_v2_tf2ptq");

  /// Logits; if the network has a background class, it comes first. **Shapes** pixels [B, 3, R, R] -> [B, classes].
  [[nodiscard]] Tensor classify(const Tensor& pixels) const;

  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }

 private:
  struct Convolution {
    Tensor weight;
    Tensor bias;
  };

  void take_weights(const GraphOp& op, const TensorMap& weights);

  [[nodiscard]] Tensor run(const GraphOp& op, const std::map<std::int64_t, Tensor>& values) const;

  Graph graph_;
  std::vector<std::vector<std::int64_t>> last_use_;  // values that no operation after the i-th needs
  std::map<std::string, Convolution> convolutions_;
  std::string fingerprint_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/mobilenet_v2.ipp>
#endif
