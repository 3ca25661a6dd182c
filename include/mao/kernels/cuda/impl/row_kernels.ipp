// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/kernels/cuda/row_kernels.hpp>

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <mao/config.hpp>
#include <mao/kernels/cuda/launch.hpp>
#include <mao/kernels/cuda/row_kernels.cuh>

namespace mao::cuda::detail {

MAO_INLINE void expect_rows(const Tensor& x, const Tensor& weight, const std::string& what) {
  require<ShapeError>(x.dim() >= 1 && x.is_contiguous(), what, ": x has shape ", shape_text(x.sizes()),
                      x.dim() > 0 ? " and is not contiguous; call .contiguous()" : ", expected rows of channels");
  expect_shape(weight, {x.size(-1)}, what + ": weight");
  require<ShapeError>(weight.scalar_type() == at::kFloat && weight.device() == x.device(), what,
                      ": weight must be Float on ", x.device().str());
}

/// Calls `function` with the storage types of a pair of dtypes that has a kernel.
template <class Function>
void with_row_storage(const Tensor& in, at::ScalarType out, const std::string& what, Function function) {
  const bool narrow_in = in.scalar_type() == at::kBFloat16, narrow_out = out == at::kBFloat16;
  require<ShapeError>(
      (narrow_in || in.scalar_type() == at::kFloat) && (narrow_out || out == at::kFloat) && (narrow_out || !narrow_in),
      what, ": no kernel from ", c10::toString(in.scalar_type()), " to ", c10::toString(out),
      ", there are Float to Float, Float to BFloat16, BFloat16 to BFloat16");
  if (narrow_in) {
    function(static_cast<Bf16*>(nullptr), static_cast<Bf16*>(nullptr));
  } else if (narrow_out) {
    function(static_cast<float*>(nullptr), static_cast<Bf16*>(nullptr));
  } else {
    function(static_cast<float*>(nullptr), static_cast<float*>(nullptr));
  }
}

}  // namespace mao::cuda::detail

namespace mao::cuda {

MAO_INLINE NormedRows layer_norm_forward(const Tensor& x, const Tensor& weight, const Tensor& bias, at::ScalarType out,
                                         double epsilon) {
  const std::string what = "cuda::layer_norm_forward";
  detail::expect_rows(x, weight, what);
  expect_like(bias, {x.size(-1)}, weight, what + ": bias");
  const std::int64_t width = x.size(-1), rows = width == 0 ? 0 : x.numel() / width;
  NormedRows result{at::empty_like(x, x.options().dtype(out)), at::empty({rows}, weight.options()),
                    at::empty({rows}, weight.options())};
  detail::with_row_storage(x, out, what, [&]<class In, class Out>(In*, Out*) {
    LayerNormForward<In, Out> work;
    work.x = pointer<In>(x);
    work.weight = pointer<float>(weight);
    work.bias = pointer<float>(bias);
    work.y = pointer<Out>(result.y);
    work.mean = pointer<float>(result.mean);
    work.rstd = pointer<float>(result.rstd);
    work.rows = rows;
    work.width = width;
    work.epsilon = static_cast<float>(epsilon);
    run(work, x.device());
  });
  return result;
}

MAO_INLINE Tensor layer_norm_backward(const Tensor& y_gradient, const Tensor& x, const Tensor& weight,
                                      const NormedRows& saved, const Tensor& residual_gradient) {
  const std::string what = "cuda::layer_norm_backward";
  detail::expect_rows(x, weight, what);
  const Tensor given = y_gradient.contiguous();
  expect_shape(given, x.sizes(), what + ": y_gradient");
  const Tensor around = residual_gradient.defined() ? residual_gradient.contiguous() : Tensor();
  if (around.defined()) expect_like(around, x.sizes(), x, what + ": residual_gradient");
  Tensor gradient = at::empty_like(x);
  detail::with_row_storage(x, given.scalar_type(), what, [&]<class In, class Out>(In*, Out*) {
    LayerNormBackward<In, Out> work;
    work.y_gradient = pointer<Out>(given);
    work.x = pointer<In>(x);
    work.weight = pointer<float>(weight);
    work.mean = pointer<float>(saved.mean);
    work.rstd = pointer<float>(saved.rstd);
    work.residual_gradient = pointer<In>(around);
    work.x_gradient = pointer<In>(gradient);
    work.rows = saved.mean.size(0);
    work.width = x.size(-1);
    run(work, x.device());
  });
  return gradient;
}

MAO_INLINE Tensor quick_gelu_forward(const Tensor& x) {
  const Tensor in = x.contiguous();
  Tensor y = at::empty_like(in);
  with_storage(in, "cuda::quick_gelu_forward: x", [&]<class T>(T*) {
    QuickGeluForward<T> work;
    work.x = pointer<T>(in);
    work.y = pointer<T>(y);
    work.count = in.numel();
    run(work, in.device());
  });
  return y;
}

MAO_INLINE Tensor quick_gelu_backward(const Tensor& y_gradient, const Tensor& x) {
  const Tensor in = x.contiguous(), given = y_gradient.contiguous();
  expect_like(given, in.sizes(), in, "cuda::quick_gelu_backward: y_gradient");
  Tensor gradient = at::empty_like(in);
  with_storage(in, "cuda::quick_gelu_backward: x", [&]<class T>(T*) {
    QuickGeluBackward<T> work;
    work.x = pointer<T>(in);
    work.y_gradient = pointer<T>(given);
    work.x_gradient = pointer<T>(gradient);
    work.count = in.numel();
    run(work, in.device());
  });
  return gradient;
}

}  // namespace mao::cuda
