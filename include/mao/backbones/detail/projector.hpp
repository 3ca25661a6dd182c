// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A small learned network between two feature spaces, with batch normalisation inside.

#include <string>

#include <ATen/ops/linear.h>

#include <mao/core/own_tensor.hpp>
#include <mao/core/random.hpp>

namespace mao {

/// 1x1 convolution, batch normalisation, ReLU, 1x1 convolution on one pixel: two affine maps around a normalisation.
///
/// While gradients are enabled it normalises by the batch and follows its mean and variance (momentum 0.1); while they
/// are not, by what it has followed. Trains `conv1.0.{weight,bias}`, `conv1.1.{weight,bias}` and
/// `conv1.3.{weight,bias}` behind its name: d e + e + 2 e + e e + e numbers from width d to e.
class Projector {
 public:
  /// Uniform in +-1/sqrt(inputs), as torch's convolutions start; the normalisation starts as the identity.
  Projector(std::string name, std::int64_t in, std::int64_t out, const Rng& rng);

  /// **Shapes** [B, in] -> [B, out]. **Throws** `DataError` for a single image while gradients are enabled.
  Tensor operator()(const Tensor& features);

  /// In the order of the reference.
  [[nodiscard]] ParameterList parameters() const;

  /// What the normalisation has followed.
  [[nodiscard]] TensorMap buffers() const;

  /// **Throws** `FormatError` for one that is missing, `ShapeError` for one of another size.
  void set_buffers(const TensorMap& values);

 private:
  struct Affine {
    OwnTensor weight, bias;
    Tensor operator()(const Tensor& x) const { return at::linear(x, weight.flatten(1), bias); }
  };

  std::string name_;
  Affine first_, norm_, second_;
  OwnTensor mean_, variance_, batches_;  // running statistics
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/backbones/detail/impl/projector.ipp>
#endif
