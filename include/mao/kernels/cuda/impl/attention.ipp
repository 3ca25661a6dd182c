// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/kernels/cuda/attention.hpp>

#include <ATen/ops/empty.h>

#include <mao/config.hpp>
#include <mao/kernels/cuda/attention_backward.cuh>

namespace mao::cuda::detail {

MAO_INLINE void expect_head_rows(const Tensor& tensor, at::IntArrayRef shape, const Tensor& like,
                                 const std::string& what) {
  expect_like(tensor, shape, like, what);
  require<ShapeError>(tensor.size(1) <= 1 || tensor.stride(1) == 1, what, ": the channels of a row must lie side by ",
                      "side; call .contiguous()");
}

MAO_INLINE void check(const AttentionTensors& tensors, const PackedAttention& layout) {
  const std::string what = "cuda::attention";
  expect_head_rows(tensors.q, {layout.queries(), -1}, tensors.q, what + ": q");
  const std::int64_t width = tensors.q.size(1);
  require<ShapeError>(tensors.heads > 0 && width % tensors.heads == 0 && width / tensors.heads <= 128, what, ": width ",
                      width, " in ", tensors.heads, " heads, expected heads of equal width, at most 128");
  expect_head_rows(tensors.k, {layout.tokens(), width}, tensors.q, what + ": k");
  expect_head_rows(tensors.v, {layout.tokens(), width}, tensors.q, what + ": v");
  require<ShapeError>(layout.device() == tensors.q.device(), what, ": the layout is on ", layout.device().str(),
                      ", the tensors are on ", tensors.q.device().str());
  if (!tensors.attended_k.defined()) return;
  expect_head_rows(tensors.attended_k, {-1, width}, tensors.q, what + ": attended_k");
  expect_head_rows(tensors.attended_v, {tensors.attended_k.size(0), width}, tensors.q, what + ": attended_v");
}

MAO_INLINE AttentionGradients empty_gradients(const AttentionTensors& tensors, const PackedAttention& layout) {
  const std::int64_t width = tensors.q.size(1);
  const auto options = tensors.q.options();
  AttentionGradients gradients;
  if (layout.all_are_queries()) {
    gradients.qkv = at::empty({layout.tokens(), 3 * width}, options);
    gradients.q = gradients.qkv.narrow(1, 0, width);
    gradients.k = gradients.qkv.narrow(1, width, width);
    gradients.v = gradients.qkv.narrow(1, 2 * width, width);
  } else {
    gradients.q = at::empty({layout.queries(), width}, options);
    gradients.k = at::empty({layout.tokens(), width}, options);
    gradients.v = at::empty({layout.tokens(), width}, options);
  }
  if (tensors.attended_k.defined()) {
    gradients.attended_k = at::empty(tensors.attended_k.sizes(), options);
    gradients.attended_v = at::empty(tensors.attended_k.sizes(), options);
  }
  return gradients;
}

template <class T>
void run_backward(const AttentionSaved<T>& saved, const AttentionGradients& gradients, int parts,
                  const c10::Device& device) {
  const auto& in = saved.in;
  const auto fp32 = gradients.q.options().dtype(at::kFloat);
  const std::int64_t shared = in.attended + in.layout.shared();
  const Tensor inner = at::empty({in.layout.queries, in.heads}, fp32);
  const Tensor partial = at::empty({parts, shared, 2, in.heads * in.width}, fp32);
  run(AttentionQueryGradient<T>{saved, head_rows<T>(gradients.q), pointer<float>(inner)}, device);
  run(AttentionKeyGradient<T>{saved, pointer<float>(inner), head_rows<T>(gradients.k), head_rows<T>(gradients.v),
                              pointer<float>(partial), parts},
      device);
  run(AttentionSharedGradient<T>{pointer<float>(partial), parts, in.heads, in.width, in.attended, shared,
                                 head_rows<T>(gradients.k), head_rows<T>(gradients.v),
                                 head_rows<T>(gradients.attended_k), head_rows<T>(gradients.attended_v)},
      device);
}

}  // namespace mao::cuda::detail

namespace mao::cuda {

MAO_INLINE AttendedRows attention_forward(const AttentionTensors& tensors, const PackedAttention& layout) {
  detail::check(tensors, layout);
  AttendedRows result{at::empty({layout.queries(), tensors.q.size(1)}, tensors.q.options()),
                      at::empty({layout.queries(), tensors.heads}, tensors.q.options().dtype(at::kFloat))};
  with_storage(tensors.q, "cuda::attention_forward: q", [&]<class T>(T*) {
    run(AttentionForward<T>{detail::input_of<T>(tensors, layout), detail::head_rows<T>(result.out),
                            pointer<float>(result.log_sum)},
        tensors.q.device());
  });
  return result;
}

MAO_INLINE AttentionGradients attention_backward(const Tensor& out_gradient, const AttentionTensors& tensors,
                                                 const AttendedRows& saved, const PackedAttention& layout) {
  detail::check(tensors, layout);
  const Tensor given = out_gradient.contiguous();
  expect_like(given, saved.out.sizes(), tensors.q, "cuda::attention_backward: out_gradient");
  const AttentionGradients gradients = detail::empty_gradients(tensors, layout);
  with_storage(tensors.q, "cuda::attention_backward: q", [&]<class T>(T*) {
    const AttentionSaved<T> all{detail::input_of<T>(tensors, layout), detail::head_rows<const T>(saved.out),
                                detail::head_rows<const T>(given), pointer<float>(saved.log_sum)};
    detail::run_backward(all, gradients, detail::parts_of(layout), given.device());
  });
  return gradients;
}

}  // namespace mao::cuda
