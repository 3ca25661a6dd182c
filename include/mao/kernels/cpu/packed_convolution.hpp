// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// oneDNN's convolutions with weights packed beforehand, and with what follows them in the same pass. As with
/// packed_product.hpp, LibTorch has them under names without promise, so they are looked up when the program runs.

#include <optional>
#include <string_view>

#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <mao/core/tensor.hpp>

namespace mao::detail {

/// Stride and padding, each alike in both directions.
struct ConvolutionShape {
  std::int64_t stride = 1, padding = 0;
};

class OneDnnConvolution {
 public:
  static const OneDnnConvolution& instance();

  /// Whether this CPU convolves this type: bf16 needs instructions that not every CPU has.
  [[nodiscard]] bool convolves(at::ScalarType type) const {
    return type == at::kFloat ? fp32_ : type == at::kBFloat16 ? bf16_ : false;
  }

  /// Packs a weight [O, I, K, K] for inputs of the extents of `x`; it serves others too.
  [[nodiscard]] Tensor pack(const Tensor& weight, const Tensor& x, const ConvolutionShape& shape) const;

  /// **Shapes** x [B, I, H, W], bias [O], `shortcut` as the result, or undefined -> [B, O, H', W'].
  [[nodiscard]] Tensor convolve(const Tensor& x, const Tensor& packed, const Tensor& bias, const Tensor& shortcut,
                                const ConvolutionShape& shape, bool relu) const;

 private:
  using Lengths = at::IntArrayRef;
  using Name = std::string_view;
  using Scalars = c10::List<std::optional<at::Scalar>>;
  using Bias = std::optional<Tensor>;
  using Pack = Tensor(const Tensor&, Lengths, Lengths, Lengths, std::int64_t, at::OptionalIntArrayRef);
  using Alone = Tensor(const Tensor&, const Tensor&, const Bias&, Lengths, Lengths, Lengths, std::int64_t, Name,
                       Scalars, std::optional<Name>);
  using Added = Tensor(const Tensor&, const Tensor&, const Tensor&, const Bias&, Lengths, Lengths, Lengths,
                       std::int64_t, Name, std::optional<at::Scalar>, std::optional<Name>, Scalars,
                       std::optional<Name>);

  OneDnnConvolution();

  /// LibTorch says only by an error what a CPU lacks, so one small convolution is tried.
  [[nodiscard]] bool works(at::ScalarType type) const;

  std::optional<c10::TypedOperatorHandle<Pack>> pack_;
  std::optional<c10::TypedOperatorHandle<Alone>> alone_;
  std::optional<c10::TypedOperatorHandle<Added>> added_;
  bool fp32_ = false, bf16_ = false;
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/kernels/cpu/impl/packed_convolution.ipp>
#endif
