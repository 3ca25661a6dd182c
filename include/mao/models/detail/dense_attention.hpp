// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Attention among all tokens of each image, and its backward pass, as the fused pass of the image tower wants it.
///
/// Forward is LibTorch's flash attention, or in bf16 that on matrix tiles if the CPU has them. The backward pass is
/// written out: it computes the weights again (they would be the largest part of the saved values), and in bf16
/// LibTorch's own backward pass takes several times longer than these five products.

#include <mao/core/instruction_set.hpp>
#include <mao/core/tensor.hpp>
#include <mao/kernels/cpu/row_kernels.hpp>
#include <mao/models/detail/head_rows.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

/// B images of L tokens each, heads of any width; queries are all of them, or with `first_only` the first of each.
/// Behind them stand `attended` rows, which every query sees too.
struct DenseAttention {
  std::int64_t images = 0, length = 0, heads = 1, attended = 0;
  bool first_only = false;

  Tensor forward(const Projections& in, Tensor* /*kept*/) const;

  void backward(const Projections& in, const Tensor& /*kept*/, const Tensor& gradient, Projections& back) const;

 private:
  /// `forward` by TileAttention.
  [[nodiscard]] Tensor on_tiles(const Projections& in) const;

  /// [B * n, W] -> [B, h, n, d], a view.
  [[nodiscard]] Tensor heads_of(const Tensor& x) const {
    return x.unflatten(1, {heads, -1}).unflatten(0, {images, -1}).transpose(1, 2);
  }
  [[nodiscard]] Tensor queries(const Tensor& x) const { return heads_of(x); }

  /// [B, h, m + L, d]: the attended rows first.
  [[nodiscard]] Tensor keys(const Tensor& x) const;

  /// Writes gradients of `keys`, [B * h, m + L, d]; those of the attended rows are summed over the images.
  void set_keys(const Tensor& to, const Tensor& gradient) const;

  /// [B, h, n, d] -> [B * h, n, d], in one piece.
  static Tensor batches(const Tensor& x) { return x.contiguous().flatten(0, 1); }

  /// Calls `work(row, number)` for each row of a tensor in one piece.
  template <class Work>
  static void each_row(const Tensor& x, const Work& work) {
    const std::int64_t width = x.size(2), count = x.size(0) * x.size(1);
    const auto all = [&]<class Type>(Type* data) {
      rows::in_parallel(count, width, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) work(data + i * width, i);
      });
    };
    with_product_type(x.scalar_type(), [&]<class Type>(Type) { all(x.mutable_data_ptr<Type>()); });
  }
};

}  // namespace mao::detail

#endif

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/dense_attention.ipp>
#endif
