// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a tuner does with a backbone's output beside the loss.

#include <algorithm>

#include <ATen/ops/tensor.h>

#include <mao/core/output.hpp>

namespace mao {

/// The candidates' columns of an output over more classes; columns are found by class, in the order of `candidates`.
///
/// **Throws** `ShapeError` for a candidate that the output has no column of.
inline Output select_candidates(const Output& full, const Candidates& candidates) {
  if (full.candidates == candidates) return full;
  std::vector<std::int64_t> columns;
  columns.reserve(candidates.ids.size());
  for (const std::int64_t id : candidates.ids) {
    const auto found = std::find(full.candidates.ids.begin(), full.candidates.ids.end(), id);
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

/// Percent of the images whose best candidate is their label. **Throws** `ShapeError` unless there is a row of logits
/// for each label and a column for each candidate.
inline double batch_accuracy(const Output& output, const Batch& batch) {
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
