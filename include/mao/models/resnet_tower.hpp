// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CLIP's ResNet image tower.

#include <vector>

#include <mao/kernels/cpu/frozen_convolution.hpp>
#include <mao/models/architecture.hpp>

namespace mao {

/// Encodes normalised pixels to image features, which are not normalised: RN50, RN101, RN50x4, RN50x16, RN50x64.
///
/// A ResNet with three convolutions in the stem, average pooling instead of strides, and attention pooling instead of
/// the mean. Batch normalisation is folded into the weights.
///
/// **Source** Radford et al., arXiv 2103.00020, section 2.4.
class ResNetTower {
 public:
  /// From weights with OpenAI's names. **Throws** `FormatError` for a running variance below 0.
  ResNetTower(const TensorMap& weights, const ClipArchitecture& sizes, const ClipForm& form = {},
              Precision precision = Precision::Fp32);

  [[nodiscard]] std::int64_t resolution() const { return resolution_; }

  /// **Shapes** pixels [B, 3, R, R] -> [B, D].
  [[nodiscard]] Tensor encode(const Tensor& pixels) const;

 private:
  /// Three convolutions and a shortcut. If `stride` is above 1, both paths are pooled by it.
  struct Bottleneck {
    FrozenConvolution reduce, spatial, expand;
    std::int64_t stride = 1;
    bool projects = false;  // the shortcut has a convolution of its own
    FrozenConvolution shortcut;

    [[nodiscard]] Tensor forward(const Tensor& x) const;
  };

  /// Attention of one query, the mean of all positions, over all of them.
  ///
  /// q . (K x) is (K^T q) . x, and the weighted mean of V x is V times that of x, so keys and values are not computed.
  /// The bias of the keys adds the same number to every score of a query and is left out.
  struct AttentionPool {
    std::int64_t heads = 0;
    Tensor positions;                        // [1 + g * g, C]
    Tensor query, query_bias;                // [C, C], [C]; 1 / sqrt(d) is part of both
    Tensor key, value;                       // [h, d, C]
    Tensor value_bias, output, output_bias;  // [C], [D, C], [D]

    /// **Shapes** [B, C, g, g] -> [B, D].
    [[nodiscard]] Tensor forward(const Tensor& x) const;
  };

  [[nodiscard]] static Bottleneck bottleneck(const TensorMap& weights, const std::string& block, std::int64_t stride,
                                             Precision precision);
  [[nodiscard]] static AttentionPool attention_pool(const TensorMap& weights, std::int64_t heads);

  std::int64_t resolution_ = 0;
  Precision precision_ = Precision::Fp32;
  std::vector<FrozenConvolution> stem_;
  std::vector<Bottleneck> blocks_;
  AttentionPool pool_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/resnet_tower.ipp>
#endif
