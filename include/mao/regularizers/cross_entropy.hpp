// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Cross entropy over all classes: the loss of every method without MAO, and MAO's reg-N.

#include <string>
#include <vector>

#include <mao/regularizers/concepts.hpp>

namespace mao {

/// The column of each label. **Throws** `ShapeError` for a label that is not a candidate.
std::vector<std::int64_t> columns_of(const std::vector<std::int64_t>& labels, const Candidates& candidates);

/// The weighted mean of a loss over the images. **Shapes** `each` [B], weights [B] or empty for 1 each.
Tensor weighted_mean(const Tensor& each, const std::vector<float>& weights);

/// Weighted mean cross entropy over the images. **Shapes** logits [B, H], targets [B] columns, weights [B] or
/// empty.
Tensor weighted_cross_entropy(const Tensor& logits, const std::vector<std::int64_t>& targets,
                              const std::vector<float>& weights);

/// Weighted mean cross entropy with a target distribution for each image; one-hot rows give the hard loss.
///
/// **Shapes** logits [B, H], `targets` [B, C] row by row over all bound classes, weights [B] or empty.
/// **Throws** `ShapeError` unless every class is a candidate.
Tensor soft_cross_entropy(const Tensor& logits, const Candidates& candidates, const std::vector<float>& targets,
                          const std::vector<float>& weights);

/// The cross entropy of a batch: with its soft targets if there are any, otherwise with its labels.
/// **Throws** `ShapeError` unless the logits have one row per image and one column per candidate.
Tensor batch_cross_entropy(const Output& output, const Batch& batch);

/// Mean cross entropy over every class.
struct CrossEntropy {
  [[nodiscard]] static std::string describe() { return "CrossEntropy"; }
  [[nodiscard]] Candidates candidates(const Batch&, const ClassList& classes) const {
    return Candidates::all(classes.size());
  }

  Tensor operator()(const Output& output, const Batch& batch) const { return batch_cross_entropy(output, batch); }
};

static_assert(Regularizer<CrossEntropy>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/regularizers/impl/cross_entropy.ipp>
#endif
