// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/block_rows.hpp>

#include <mao/config.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

MAO_INLINE Tensor ResidualStream::normed(const NormWeights& norm, at::ScalarType type, Tensor& sum,
                                         Tensor& moments) const {
  if (added.rows.defined()) return add_layer_norm_rows(rows, added, norm, sum, moments);
  sum = rows;
  return layer_norm_rows(rows, norm, type, moments);
}

}  // namespace mao::detail

#endif
