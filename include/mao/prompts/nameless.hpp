// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Prompts without a class name, to compare contexts with each other.

#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <mao/models/concepts.hpp>
#include <mao/models/row_frame.hpp>

namespace mao {

/// The prompts `[start] context . [end]`, without the start where the model has none. **Shape** contexts [K, n, W] -> K
/// rows.
template <VisionLanguageModel ModelT>
TextBatch nameless_prompts(const ModelT& model, const Tensor& contexts) {
  expect_shape(contexts, {-1, -1, -1}, "nameless_prompts: contexts");
  const std::int64_t count = contexts.size(0);
  std::vector<std::int64_t> tail = model.tokenize(".");
  tail.push_back(model.end_token());
  TextBatch batch;
  batch.prefix = at::cat({start_row(model).unsqueeze(0).expand({count, -1, -1}), contexts}, 1);
  batch.suffix = model.embed(at::tensor(tail)).repeat({count, 1});
  batch.starts = has_start(model);
  batch.offsets.push_back(0);
  for (std::int64_t row = 0; row < count; ++row) {
    batch.suffix_ids.insert(batch.suffix_ids.end(), tail.begin(), tail.end());
    batch.offsets.push_back((row + 1) * static_cast<std::int64_t>(tail.size()));
    batch.group.push_back(row);
  }
  return batch;
}

}  // namespace mao
