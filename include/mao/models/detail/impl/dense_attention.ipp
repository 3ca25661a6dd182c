// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/dense_attention.hpp>

#include <cmath>

#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <mao/config.hpp>
#include <mao/models/detail/fused_block.hpp>
#include <mao/models/detail/packed_attention.hpp>
#include <mao/models/detail/tile_attention.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

MAO_INLINE Tensor DenseAttention::forward(const Projections& in, Tensor* /*kept*/) const {
  const bool for_tiles = in.query.scalar_type() == at::kBFloat16 && in.query.size(1) == heads * head_width;
  if (for_tiles && instruction_set() >= InstructionSet::Amx) return on_tiles(in);
  const Tensor mixed = at::scaled_dot_product_attention(queries(in.query), keys(in.key), keys(in.value));
  return mixed.transpose(1, 2).reshape(in.query.sizes());
}

MAO_INLINE void DenseAttention::backward(const Projections& in, const Tensor& /*kept*/, const Tensor& gradient,
                                         Projections& back) const {
  const Tensor q = batches(queries(in.query)), k = batches(keys(in.key)), v = batches(keys(in.value));
  const Tensor arrived = batches(queries(gradient));
  const auto scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(in.query.size(1) / heads)));
  const Tensor weights = at::bmm(q, k.transpose(1, 2));
  each_row(weights, [&](auto* row, std::int64_t) { rows::softmax(row, scale, weights.size(2)); });
  set_keys(back.value, at::bmm(weights.transpose(1, 2), arrived));
  const Tensor scores = at::bmm(arrived, v.transpose(1, 2));
  each_row(scores, [&]<class Type>(Type* row, std::int64_t i) {
    rows::softmax_backward(weights.const_data_ptr<Type>() + i * weights.size(2), row, scale, weights.size(2));
  });
  queries(back.query).copy_(at::bmm(scores, k).view(queries(back.query).sizes()));
  set_keys(back.key, at::bmm(scores.transpose(1, 2), q));
}

MAO_INLINE Tensor DenseAttention::on_tiles(const Projections& in) const {
  using Number = c10::BFloat16;
  const Tensor result = at::empty(in.query.sizes(), in.query.options());
  const std::int64_t width = result.size(1), asked = result.size(0) / images;
  const auto rows_of = [](const Tensor& x) {
    return
        [numbers = x.const_data_ptr<Number>(), stride = x.stride(0)](std::int64_t i) { return numbers + i * stride; };
  };
  const auto query = rows_of(in.query), key = rows_of(in.key), value = rows_of(in.value);
  auto* out = result.mutable_data_ptr<Number>();
  at::parallel_for(0, images * heads, 1, [&](std::int64_t begin, std::int64_t end) {
    const MatrixTiles tiles;
    TileAttention attention(attended + length);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t image = i / heads, column = i % heads * head_width, first = image * asked;
      const auto seen = [&](std::int64_t j) {
        return j < attended ? images * length + j : image * length + j - attended;
      };
      attention.pack([&](std::int64_t j) { return key(seen(j)) + column; },
                     [&](std::int64_t j) { return value(seen(j)) + column; });
      attention.mix(
          asked, attention_scale, [&](std::int64_t j) { return query(first + j) + column; },
          [&](std::int64_t j) { return out + (first + j) * width + column; });
    }
  });
  return result;
}

MAO_INLINE Tensor DenseAttention::keys(const Tensor& x) const {
  const Tensor own = heads_of(x.narrow(0, 0, images * length));
  if (attended == 0) return own;
  const Tensor more = x.narrow(0, images * length, attended).unflatten(1, {heads, -1});
  return at::cat({more.transpose(0, 1).unsqueeze(0).expand({images, -1, -1, -1}), own}, 2);
}

MAO_INLINE void DenseAttention::set_keys(const Tensor& to, const Tensor& gradient) const {
  const Tensor apart = gradient.unflatten(0, {images, -1});
  heads_of(to.narrow(0, 0, images * length)).copy_(apart.narrow(2, attended, length));
  if (attended == 0) return;
  const Tensor sum = apart.narrow(2, 0, attended).to(at::kFloat).sum(0);  // [h, m, d]
  to.narrow(0, images * length, attended).unflatten(1, {heads, -1}).copy_(sum.transpose(0, 1));
}

}  // namespace mao::detail

#endif
