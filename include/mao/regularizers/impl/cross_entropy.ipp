// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/regularizers/cross_entropy.hpp>

#include <unordered_map>

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/tensor.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE std::vector<std::int64_t> columns_of(const std::vector<std::int64_t>& labels, const Candidates& candidates) {
  std::unordered_map<std::int64_t, std::int64_t> column;
  for (std::int64_t i = 0; i < candidates.size(); ++i) column.emplace(candidates.ids[static_cast<std::size_t>(i)], i);
  std::vector<std::int64_t> result;
  result.reserve(labels.size());
  for (const std::int64_t label : labels) {
    const auto found = column.find(label);
    require<ShapeError>(found != column.end(), "label ", label, " is not among the ", candidates.size(), " candidates");
    result.push_back(found->second);
  }
  return result;
}

MAO_INLINE Tensor weighted_mean(const Tensor& each, const std::vector<float>& weights) {
  if (weights.empty()) return each.mean();
  const Tensor weight = at::tensor(weights).to(each.device());
  return (each * weight).sum() / weight.sum();
}

MAO_INLINE Tensor weighted_cross_entropy(const Tensor& logits, const std::vector<std::int64_t>& targets,
                                         const std::vector<float>& weights) {
  const Tensor columns = at::tensor(targets).to(logits.device());
  if (weights.empty()) return at::cross_entropy_loss(logits, columns);
  return weighted_mean(at::cross_entropy_loss(logits, columns, {}, /*reduction: none*/ 0), weights);
}

MAO_INLINE Tensor soft_cross_entropy(const Tensor& logits, const Candidates& candidates,
                                     const std::vector<float>& targets, const std::vector<float>& weights) {
  const std::int64_t images = logits.size(0), classes = candidates.size();
  require<ShapeError>(static_cast<std::int64_t>(targets.size()) == images * classes, "soft targets: ", targets.size(),
                      " numbers for ", images, " images and ", classes,
                      " candidates, expected one for each pair; soft targets need every class as a candidate (reg-N)");
  const Tensor order = at::tensor(candidates.ids);
  const Tensor wanted = at::tensor(targets).view({images, classes}).index_select(1, order).to(logits.device());
  return weighted_mean(at::cross_entropy_loss(logits, wanted, {}, /*reduction: none*/ 0), weights);
}

MAO_INLINE Tensor batch_cross_entropy(const Output& output, const Batch& batch) {
  const auto images = static_cast<std::int64_t>(batch.labels.size()), classes = output.candidates.size();
  require<ShapeError>(output.logits.defined() && output.logits.dim() == 2 && output.logits.size(1) == classes &&
                          (images == 0 || output.logits.size(0) == images),
                      "cross entropy: the backbone's logits ",
                      output.logits.defined() ? "have shape " + shape_text(output.logits.sizes()) : "are undefined",
                      " for ", images, " labelled images and ", classes, " candidates, expected ",
                      shape_text({images, classes}), ", one row per image and one column per candidate; `forward` must "
                      "score the requested candidates and put them into `Output::candidates`");
  if (!batch.targets.empty()) {
    return soft_cross_entropy(output.logits, output.candidates, batch.targets, batch.weights);
  }
  return weighted_cross_entropy(output.logits, columns_of(batch.labels, output.candidates), batch.weights);
}

}  // namespace mao
