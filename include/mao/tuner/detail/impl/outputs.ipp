// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/detail/outputs.hpp>

#include <algorithm>

#include <ATen/ops/tensor.h>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE Output select_candidates(const Output& full, const Candidates& candidates) {
  if (full.candidates == candidates) return full;
  std::vector<std::int64_t> columns;
  columns.reserve(candidates.ids.size());
  for (const std::int64_t id : candidates.ids) {
    const auto found = std::ranges::find(full.candidates.ids, id);
    require<ShapeError>(found != full.candidates.ids.end(), "select_candidates: class ", id, " is not among the ",
                        full.candidates.size(), " that were encoded");
    columns.push_back(found - full.candidates.ids.begin());
  }
  Output output = full;
  const Tensor index = at::tensor(columns).to(full.logits.device());
  output.logits = full.logits.index_select(1, index);
  if (full.text.defined()) output.text = full.text.index_select(full.text.dim() - 2, index);
  output.candidates = candidates;
  return output;
}

MAO_INLINE double batch_accuracy(const Output& output, const Batch& batch) {
  if (batch.labels.empty()) return 0;
  expect_shape(output.logits, {static_cast<std::int64_t>(batch.labels.size()), output.candidates.size()},
               "batch_accuracy: logits");
  const Tensor winners = output.logits.detach().argmax(1).cpu();
  const auto* column = winners.const_data_ptr<std::int64_t>();
  double right = 0;
  for (std::size_t i = 0; i < batch.labels.size(); ++i) {
    right += output.candidates.ids[static_cast<std::size_t>(column[i])] == batch.labels[i] ? 1 : 0;
  }
  return 100.0 * right / static_cast<double>(std::max<std::size_t>(1, batch.labels.size()));
}

}  // namespace mao
