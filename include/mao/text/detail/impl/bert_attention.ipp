// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/bert_attention.hpp>

#include <mao/config.hpp>

#if MAO_HAS_AVX512_KERNELS
#include <utility>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#endif

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

MAO_INLINE PackedBertAttention::PackedBertAttention(std::vector<std::int64_t> offsets, std::int64_t heads,
                                                    std::int64_t width)
    : offsets_(std::move(offsets)), heads_(heads), width_(width), head_width_(width / heads) {
  for (std::size_t row = 0; row + 1 < offsets_.size(); ++row) {
    const std::int64_t length = offsets_[row + 1] - offsets_[row];
    longest_ = std::max(longest_, length);
    weights_at_.push_back(weights_at_.back() + heads * length * whole_lanes(length));
  }
}

MAO_INLINE Tensor PackedBertAttention::forward(const Tensor& qkv, Tensor& weights) const {
  weights = at::empty({weights_at_.back()}, at::kFloat);
  const Tensor mixed = at::empty({qkv.size(0), width_}, qkv.options());
  rows::with_product_type(qkv.scalar_type(), [&]<class Type>(Type) {
    const auto* from = qkv.const_data_ptr<Type>();
    auto* to = mixed.mutable_data_ptr<Type>();
    auto* shares = weights.mutable_data_ptr<float>();
    in_heads([&](const HeadOfRow& head, float* space) {
      attend(HeadTokens<const Type>{from + 3 * head.begin * width_ + head.column, 3 * width_}, head.length,
             shares + head.weights, HeadTokens<Type>{to + head.begin * width_ + head.column, width_}, space);
    });
  });
  return mixed;
}

MAO_INLINE Tensor PackedBertAttention::backward(const Tensor& qkv, const Tensor& weights,
                                                const Tensor& gradient) const {
  const Tensor back = at::empty_like(qkv);
  rows::with_product_type(qkv.scalar_type(), [&]<class Type>(Type) {
    const auto *from = qkv.const_data_ptr<Type>(), *arrived = gradient.const_data_ptr<Type>();
    const auto* shares = weights.const_data_ptr<float>();
    auto* to = back.mutable_data_ptr<Type>();
    in_heads([&](const HeadOfRow& head, float* space) {
      const std::int64_t at = 3 * head.begin * width_ + head.column;
      attend_backward(HeadTokens<const Type>{from + at, 3 * width_}, head.length, shares + head.weights,
                      HeadTokens<const Type>{arrived + head.begin * width_ + head.column, width_},
                      HeadTokens<Type>{to + at, 3 * width_}, space);
    });
  });
  return back;
}

}  // namespace mao::detail

#endif
