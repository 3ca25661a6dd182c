// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What becomes of gradients between the backward pass and the update: gathered over batches, shortened.

#include <vector>

#include <mao/core/batch.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// The length of the gradients of all parameters together.
double gradient_norm(const ParameterList& parameters);

/// Shortens the gradients to `longest` together, where they are longer. **Source** torch.nn.utils.clip_grad_norm_.
void clip_gradients(const ParameterList& parameters, double longest);

/// What a batch counts among others: the sum of its weights, each image 1 without.
double weight_of(const Batch& batch);

/// Gradients of several batches, on the way to those of all of them together: their mean by `weight_of`.
class GatheredGradients {
 public:
  /// **Throws** `OptionError` for fewer than 1 batch.
  explicit GatheredGradients(int batches);

  /// Takes the gradients of one more batch; one of weight 0 has none. True when all are there: the parameters have the
  /// mean then.
  bool complete(const ParameterList& parameters, double weight);

  /// The same before all are there. False when no batch had any.
  bool complete_early(const ParameterList& parameters);

  void forget();

 private:
  int batches_;
  int seen_ = 0;
  double weight_ = 0;
  std::vector<Tensor> sums_;  // undefined where a parameter had no gradient
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/detail/impl/gradients.ipp>
#endif
