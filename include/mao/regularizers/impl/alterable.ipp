// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/regularizers/alterable.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

#include <ATen/ops/tensor.h>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/regularizers/cross_entropy.hpp>

namespace mao {

MAO_INLINE Candidates AlterableRegularizer::candidates(const Batch& batch, const ClassList& classes) const {
  if (options_.task == Task::New) return Candidates::all(classes.size());
  Candidates present;
  for (const std::int64_t label : batch.labels) {
    if (std::ranges::find(present.ids, label) == present.ids.end()) present.ids.push_back(label);
  }
  return present;
}

MAO_INLINE Tensor AlterableRegularizer::operator()(const Output& output, const Batch& batch) const {
  if (options_.task == Task::New) return batch_cross_entropy(output, batch);
  const auto columns = columns_of(batch.labels, output.candidates);
  if (options_.columns == Columns::Distinct) return weighted_cross_entropy(output.logits, columns, batch.weights);
  std::vector<std::int64_t> diagonal(columns.size());
  std::iota(diagonal.begin(), diagonal.end(), std::int64_t{0});
  const Tensor repeated = output.logits.index_select(1, at::tensor(columns).to(output.logits.device()));
  return weighted_cross_entropy(repeated, diagonal, batch.weights);
}

}  // namespace mao
