// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How much the lead of a class over the true one varies from prompt to prompt: ProDA's second moment.

#include <mao/core/tensor.hpp>

namespace mao {

/// `sigma[b, j] = 1/(K + 1) * sum_k sum_e f_be^2 (w_kye - w_kje)^2` with w the text features less their mean over k and
/// y the column of image b's label.
///
/// That is `v[y, y] + v[j, j] - 2 v[y, j]` with `v[i, j] = sum_e f_be^2 A_e[i, j]` and A_e the covariance of the
/// classes in dimension e, which is how the paper writes it; here nothing larger than [K, B, S] and [K, B, D] is made,
/// where A is [D, S, S].
/// **Shapes** image [B, D], text [K, S, D], columns [B] -> [B, S].
Tensor pairwise_variance(const Tensor& image, const Tensor& text, const Tensor& columns);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/backbones/detail/impl/pairwise_variance.ipp>
#endif
