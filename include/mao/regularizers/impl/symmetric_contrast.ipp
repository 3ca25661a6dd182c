// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/regularizers/symmetric_contrast.hpp>

#include <numeric>
#include <vector>

#include <ATen/ops/tensor.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>
#include <mao/regularizers/cross_entropy.hpp>

namespace mao {

MAO_INLINE Tensor SymmetricContrast::operator()(const Output& output, const Batch& batch) const {
  const auto columns_of_images = columns_of(batch.labels, output.candidates);
  std::vector<std::int64_t> rows, columns;
  std::vector<float> weights;
  for (std::size_t i = 0; i < columns_of_images.size(); ++i) {
    if (!batch.weights.empty() && batch.weights[i] <= 0) continue;
    rows.push_back(static_cast<std::int64_t>(i));
    columns.push_back(columns_of_images[i]);
    if (!batch.weights.empty()) weights.push_back(batch.weights[i]);
  }
  require<DataError>(!rows.empty(), "SymmetricContrast: no image of the batch has a weight above 0");
  const auto device = output.logits.device();
  const Tensor pairs =
      output.logits.index_select(0, at::tensor(rows).to(device)).index_select(1, at::tensor(columns).to(device));
  std::vector<std::int64_t> diagonal(rows.size());
  std::iota(diagonal.begin(), diagonal.end(), std::int64_t{0});
  return (weighted_cross_entropy(pairs, diagonal, weights) + weighted_cross_entropy(pairs.t(), diagonal, weights)) /
         2;
}

}  // namespace mao
