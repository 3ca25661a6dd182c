// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The tensor part of kernels/cuda/attention.cuh: attention of packed rows that share prefixes, forward and backward.

#include <algorithm>
#include <cmath>

#include <mao/kernels/cuda/attention_layout.hpp>
#include <mao/kernels/cuda/launch.hpp>

namespace mao::cuda {

/// Queries, keys and values of the tokens, heads side by side, Float or BFloat16, channels contiguous (slices of one
/// [tokens, 3 W] tensor will do). Attended keys and values stand before all others; undefined when there are none.
struct AttentionTensors {
  Tensor q;                       ///< [Q, W]
  Tensor k, v;                    ///< [G P + N, W]
  Tensor attended_k, attended_v;  ///< [m, W]
  std::int64_t heads = 1;
};

/// The result and what the backward pass needs of it.
struct AttendedRows {
  Tensor out;      ///< [Q, W]
  Tensor log_sum;  ///< [Q, heads], fp32
};

/// Gradients, shaped as in `AttentionTensors`.
struct AttentionGradients {
  Tensor q, k, v, attended_k, attended_v;
  Tensor qkv;  ///< [tokens, 3 W] behind q, k and v, when every token is a query
};

namespace detail {

template <class T>
HeadRows<T> head_rows(const Tensor& tensor) {
  if (!tensor.defined()) return {};
  return {pointer<std::remove_const_t<T>>(tensor), tensor.stride(0)};
}

void check(const AttentionTensors& tensors, const PackedAttention& layout);

template <class T>
AttentionInput<T> input_of(const AttentionTensors& tensors, const PackedAttention& layout) {
  AttentionInput<T> input;
  input.layout = layout.raw();
  input.q = head_rows<const T>(tensors.q);
  input.k = head_rows<const T>(tensors.k);
  input.v = head_rows<const T>(tensors.v);
  input.attended_k = head_rows<const T>(tensors.attended_k);
  input.attended_v = head_rows<const T>(tensors.attended_v);
  input.attended = tensors.attended_k.defined() ? tensors.attended_k.size(0) : 0;
  input.heads = static_cast<int>(tensors.heads);
  input.width = static_cast<int>(tensors.q.size(1) / tensors.heads);
  input.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(input.width)));
  return input;
}

/// In how many parts the queries of a shared key are summed up: enough warps to fill a GPU, at least 32 queries each.
inline int parts_of(const PackedAttention& layout) {
  return static_cast<int>(std::clamp<std::int64_t>(layout.queries() / 32, 1, 64));
}

}  // namespace detail

/// softmax(q k^T / sqrt(head width)) v over what each query sees.
AttendedRows attention_forward(const AttentionTensors& tensors, const PackedAttention& layout);

/// Gradients of all inputs. The same bits in every run.
AttentionGradients attention_backward(const Tensor& out_gradient, const AttentionTensors& tensors,
                                      const AttendedRows& saved, const PackedAttention& layout);

}  // namespace mao::cuda

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/kernels/cuda/impl/attention.ipp>
#endif
