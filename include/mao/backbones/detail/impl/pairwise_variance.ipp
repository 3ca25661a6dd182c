// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/backbones/detail/pairwise_variance.hpp>

#include <ATen/ops/matmul.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao {

MAO_INLINE Tensor pairwise_variance(const Tensor& image, const Tensor& text, const Tensor& columns) {
  const Tensor index = columns.to(text.device());
  const Tensor squares = image.square();                                // [B, D]
  const Tensor w = text - text.mean(0, true);                           // [K, S, D]
  const Tensor own = at::matmul(squares, w.square().sum(0).t());        // [B, S], v[j, j]
  const Tensor of_label = own.gather(1, index.unsqueeze(1));            // [B, 1], v[y, y]
  const Tensor weighted = w.index_select(1, index) * squares;           // [K, B, D]
  const Tensor cross = at::matmul(weighted, w.transpose(1, 2)).sum(0);  // [B, S], v[y, j]
  return (of_label + own - cross * 2.0) * (1.0 / static_cast<double>(text.size(0) + 1));
}

}  // namespace mao
