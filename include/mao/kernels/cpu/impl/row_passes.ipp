// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/kernels/cpu/row_passes.hpp>

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <mao/config.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

MAO_INLINE Tensor layer_norm_rows(const Tensor& x, const NormWeights& norm, at::ScalarType type, Tensor& moments) {
  const std::int64_t count = x.size(0), width = x.size(1);
  const Tensor source = x.contiguous(), out = at::empty({count, width}, type);
  moments = at::empty({count, 2}, at::kFloat);
  with_product_type(type, [&]<class Type>(Type) {
    const float *from = source.const_data_ptr<float>(), *scale = norm.weight.const_data_ptr<float>(),
                *shift = norm.bias.const_data_ptr<float>();
    auto* to = out.mutable_data_ptr<Type>();
    auto* found = reinterpret_cast<rows::Moments*>(moments.mutable_data_ptr<float>());
    rows::in_parallel(count, width, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        found[i] = rows::layer_norm(from + i * width, scale, shift, to + i * width, width);
      }
    });
  });
  return out;
}

MAO_INLINE Tensor add_rows(const Tensor& x, const Unbiased& delta) {
  const Tensor source = x.contiguous(), total = at::empty(x.sizes(), at::kFloat);
  const std::int64_t width = x.size(1);
  with_product_type(delta.rows.scalar_type(), [&]<class Type>(Type) {
    const float *from = source.const_data_ptr<float>(), *bias = delta.shift();
    const Type* more = delta.rows.const_data_ptr<Type>();
    float* to = total.mutable_data_ptr<float>();
    rows::in_parallel(x.size(0), width, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin * width; i < end * width; i += width) {
        rows::add(from + i, more + i, bias, to + i, width);
      }
    });
  });
  return total;
}

MAO_INLINE Tensor add_layer_norm_rows(const Tensor& x, const Unbiased& delta, const NormWeights& norm, Tensor& total,
                                      Tensor& moments) {
  const std::int64_t count = x.size(0), width = x.size(1);
  const Tensor source = x.contiguous(), out = at::empty({count, width}, delta.rows.scalar_type());
  total = at::empty({count, width}, at::kFloat);
  moments = at::empty({count, 2}, at::kFloat);
  with_product_type(delta.rows.scalar_type(), [&]<class Type>(Type) {
    const float *from = source.const_data_ptr<float>(), *bias = delta.shift(),
                *scale = norm.weight.const_data_ptr<float>(), *shift = norm.bias.const_data_ptr<float>();
    const Type* more = delta.rows.const_data_ptr<Type>();
    float* sums = total.mutable_data_ptr<float>();
    auto* to = out.mutable_data_ptr<Type>();
    auto* found = reinterpret_cast<rows::Moments*>(moments.mutable_data_ptr<float>());
    rows::in_parallel(count, width, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        rows::add(from + i * width, more + i * width, bias, sums + i * width, width);
        found[i] = rows::layer_norm(sums + i * width, scale, shift, to + i * width, width);
      }
    });
  });
  return out;
}

MAO_INLINE void add_bias_rows(const Tensor& x, const Tensor& bias) {
  with_product_type(x.scalar_type(), [&]<class Type>(Type) {
    Type* rows_of_x = x.mutable_data_ptr<Type>();
    const float* shift = bias.const_data_ptr<float>();
    rows::in_parallel(x.size(0), x.size(1), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) rows::add(rows_of_x + i * x.stride(0), shift, x.size(1));
    });
  });
}

/// An activation of `hidden`, which it overwrites: with the slope where that is kept, else with the result itself.
/// `kernel(x, bias, out, slope, width)` does a row.
template <class Kernel>
Tensor activate_rows(const Unbiased& hidden, bool keep_slope, const Kernel& kernel) {
  const Tensor out = keep_slope ? at::empty_like(hidden.rows) : hidden.rows;
  const std::int64_t width = out.size(1);
  with_product_type(out.scalar_type(), [&]<class Type>(Type) {
    Type *from = hidden.rows.mutable_data_ptr<Type>(), *to = out.mutable_data_ptr<Type>();
    const float* bias = hidden.shift();
    rows::in_parallel(out.size(0), width, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin * width; i < end * width; i += width) {
        kernel(from + i, bias, to + i, keep_slope ? from + i : nullptr, width);
      }
    });
  });
  return out;
}

MAO_INLINE Tensor quick_gelu_rows(const Unbiased& hidden, bool keep_slope) {
  return activate_rows(hidden, keep_slope, [](auto* x, const float* bias, auto* out, auto* slope, std::int64_t width) {
    rows::quick_gelu(x, bias, out, slope, width);
  });
}

MAO_INLINE Tensor gelu_rows(const Unbiased& hidden, bool keep_slope) {
  return activate_rows(hidden, keep_slope, [](auto* x, const float* bias, auto* out, auto* slope, std::int64_t width) {
    rows::gelu(x, bias, out, slope, width);
  });
}

MAO_INLINE void multiply_rows(const Tensor& slope, const Tensor& gradient) {
  with_product_type(slope.scalar_type(), [&]<class Type>(Type) {
    const Type* from = slope.const_data_ptr<Type>();
    Type* to = gradient.mutable_data_ptr<Type>();
    const std::int64_t width = slope.size(1);
    rows::in_parallel(slope.size(0), width, [&](std::int64_t begin, std::int64_t end) {
      rows::multiply(from + begin * width, to + begin * width, (end - begin) * width);
    });
  });
}

MAO_INLINE void add_layer_norm_rows_backward(const Tensor& arrived, const Tensor& x, const NormWeights& norm,
                                             const Tensor& moments, const RowsInBoth& gradient) {
  with_product_type(arrived.scalar_type(), [&]<class Type>(Type) {
    const Type* from = arrived.const_data_ptr<Type>();
    const float *rows_of_x = x.const_data_ptr<float>(), *scale = norm.weight.const_data_ptr<float>();
    const auto* found = reinterpret_cast<const rows::Moments*>(moments.const_data_ptr<float>());
    float* total = gradient.exact.mutable_data_ptr<float>();
    Type* copy = gradient.copy.mutable_data_ptr<Type>();
    const std::int64_t width = x.size(1);
    rows::in_parallel(arrived.size(0), width, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin * width; i < end * width; i += width) {
        rows::layer_norm_backward(from + i, rows_of_x + i, scale, found[i / width], total + i, copy + i, width);
      }
    });
  });
}

}  // namespace mao::detail

#endif
