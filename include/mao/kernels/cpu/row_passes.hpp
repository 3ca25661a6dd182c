// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The row kernels (row_kernels.hpp) on whole tensors: the passes over memory between two matrix products of a frozen
/// transformer. They also add the biases of products that leave them out.

#include <mao/core/tensor.hpp>
#include <mao/kernels/cpu/row_kernels.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

using rows::with_product_type;

/// Rows, or their gradients, in fp32 and in the type of the matrix products (the same tensor in fp32). **Shapes** [n, W].
struct RowsInBoth {
  Tensor exact, copy;
};

/// Scale and shift of a layer norm, both [W].
struct NormWeights {
  Tensor weight, bias;
};

/// What a product gave, and the bias that it left out, if it did. **Shapes** [rows, W] in the type of the products, [W]
/// fp32 or undefined.
struct Unbiased {
  Tensor rows, bias;
  [[nodiscard]] const float* shift() const { return bias.defined() ? bias.const_data_ptr<float>() : nullptr; }
};

/// The layer norm of x, fp32, in the type of the products; mean and 1 / deviation of each row go to `moments` [rows, 2].
Tensor layer_norm_rows(const Tensor& x, const NormWeights& norm, at::ScalarType type, Tensor& moments);

/// x + delta, in fp32.
Tensor add_rows(const Tensor& x, const Unbiased& delta);

/// x + delta, written to `total`, and its layer norm while a row is in the cache.
Tensor add_layer_norm_rows(const Tensor& x, const Unbiased& delta, const NormWeights& norm, Tensor& total,
                           Tensor& moments);

/// Adds a bias [W] to rows that may lie apart, in place.
void add_bias_rows(const Tensor& x, const Tensor& bias);

/// CLIP's x sigmoid(1.702 x).
Tensor quick_gelu_rows(const Unbiased& hidden, bool keep_slope);
/// The exact one.
Tensor gelu_rows(const Unbiased& hidden, bool keep_slope);

/// gradient *= slope
void multiply_rows(const Tensor& slope, const Tensor& gradient);

/// Adds to `gradient` what comes back through a layer norm of x. **Shapes** arrived, x [rows, W].
void add_layer_norm_rows_backward(const Tensor& arrived, const Tensor& x, const NormWeights& norm,
                                  const Tensor& moments, const RowsInBoth& gradient);

}  // namespace mao::detail

#endif

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/kernels/cpu/impl/row_passes.ipp>
#endif
