// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A convolution whose weights never change, packed in the layout that oneDNN multiplies fastest.

#include <memory>
#include <mutex>

#include <mao/core/precision.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// A convolution of stride 1 or more with a bias, in one precision, and what follows it in a residual network. Copies
/// share what is packed, at the first use.
class FrozenConvolution {
 public:
  FrozenConvolution() = default;

  /// Pads so that stride 1 keeps the extent. **Shapes** weight [O, I, K, K], bias [O], both fp32.
  FrozenConvolution(const Tensor& weight, const Tensor& bias, Precision precision, std::int64_t stride = 1);

  /// **Shapes** x [B, I, H, W] -> [B, O, H', W'], channels last.
  [[nodiscard]] Tensor forward(const Tensor& x) const { return run(x, {}, false); }
  /// relu(forward(x)).
  [[nodiscard]] Tensor forward_relu(const Tensor& x) const { return run(x, {}, true); }
  /// relu(forward(x) + shortcut).
  [[nodiscard]] Tensor forward_add_relu(const Tensor& x, const Tensor& shortcut) const {
    return run(x, shortcut, true);
  }

 private:
  struct Pack {
    std::once_flag once;
    Tensor weight;
  };

  [[nodiscard]] Tensor run(const Tensor& x, const Tensor& shortcut, bool relu) const;

  Tensor weight_, bias_;  // [O, I, K, K], channels last; [O]
  std::int64_t stride_ = 1;
  std::shared_ptr<Pack> pack_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/kernels/cpu/impl/frozen_convolution.ipp>
#endif
