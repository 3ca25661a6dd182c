// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Cross entropy over all classes: what every method of the family is trained with by itself, and reg-N of MAO.

#include <string>
#include <vector>

#include <mao/regularizers/concepts.hpp>

namespace mao {

/// The column of each label. **Throws** `ShapeError` for a label that is no candidate.
std::vector<std::int64_t> columns_of(const std::vector<std::int64_t>& labels, const Candidates& candidates);

/// The mean of a loss over the images, each with its weight. **Shapes** `each` [B], weights [B] or empty for 1 each.
Tensor weighted_mean(const Tensor& each, const std::vector<float>& weights);

/// Mean cross entropy over the images, each with its weight. **Shapes** logits [B, H], targets [B] columns, weights [B]
/// or empty.
Tensor weighted_cross_entropy(const Tensor& logits, const std::vector<std::int64_t>& targets,
                              const std::vector<float>& weights);

/// Mean cross entropy towards a distribution for each image, each with its weight; one-hot rows give the hard one.
///
/// **Shapes** logits [B, H], `targets` [B, C] row by row over all bound classes, weights [B] or empty.
/// **Throws** `ShapeError` unless every class is a candidate.
Tensor soft_cross_entropy(const Tensor& logits, const Candidates& candidates, const std::vector<float>& targets,
                          const std::vector<float>& weights);

/// The cross entropy that a batch asks for: towards its soft targets where it has them, its labels otherwise.
/// **Throws** `ShapeError` unless the logits have a row for each image and a column for each candidate.
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
