// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The tensor part of kernels/cuda/row_kernels.cuh: LayerNorm with frozen weights and QuickGELU, forward and backward.

#include <mao/core/tensor.hpp>

namespace mao::cuda {

/// LayerNorm's result and what its backward pass needs.
struct NormedRows {
  Tensor y;           ///< [..., W]
  Tensor mean, rstd;  ///< [rows], fp32
};

/// **Shapes** x [..., W] contiguous, weight and bias [W] fp32. `out` is the dtype of y (x's or narrower).
NormedRows layer_norm_forward(const Tensor& x, const Tensor& weight, const Tensor& bias, at::ScalarType out,
                              double epsilon = 1e-5);

/// The gradient of x, `residual_gradient` (that of the way round the norm) added when it is given. **Shapes** as x.
Tensor layer_norm_backward(const Tensor& y_gradient, const Tensor& x, const Tensor& weight, const NormedRows& saved,
                           const Tensor& residual_gradient = {});

/// x sigmoid(1.702 x), Float or BFloat16. **Shape** any, contiguous.
Tensor quick_gelu_forward(const Tensor& x);

/// The gradient of x. **Shapes** as x.
Tensor quick_gelu_backward(const Tensor& y_gradient, const Tensor& x);

}  // namespace mao::cuda

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/kernels/cuda/impl/row_kernels.ipp>
#endif
