// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How much the lead of a class over the true one varies from prompt to prompt: ProDA's second moment.

#include <ATen/ops/matmul.h>

#include <mao/core/detail/ops.hpp>

namespace mao {

/// `sigma[b, j] = 1/(K + 1) * sum_k sum_e f_be^2 (w_kye - w_kje)^2` with w the text features less their mean over k and
/// y the column of image b's label.
///
/// That is `v[y, y] + v[j, j] - 2 v[y, j]` with `v[i, j] = sum_e f_be^2 A_e[i, j]` and A_e the covariance of the
/// classes in dimension e, which is how the paper writes it; here nothing larger than [K, B, S] and [K, B, D] is made,
/// where A is [D, S, S].
/// **Shapes** image [B, D], text [K, S, D], columns [B] -> [B, S].
inline Tensor pairwise_variance(const Tensor& image, const Tensor& text, const Tensor& columns) {
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
