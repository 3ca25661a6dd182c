// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Predictions of a backbone for images.

#include <memory>
#include <vector>

#include <Eigen/Core>

#include <mao/backbones/binding.hpp>
#include <mao/backbones/scorer.hpp>
#include <mao/core/output.hpp>

namespace mao {

namespace detail {

Tensor predict_logits(const std::shared_ptr<BackboneCalls>& backbone, const ClassList& classes, ImageSource& source,
                      std::int64_t batch);

}  // namespace detail

/// Logits over `classes` for the evaluation view of every image of `source`. **Shape** [N, C].
///
/// The backbone is bound to the classes during the call, and its binding is restored. Class features that do not depend
/// on the image are encoded once, not once per batch. **Throws** as `bind_to` and `Scorer`, `DataError` for no images.
template <Backbone BackboneT>
Tensor predict_logits(BackboneT& backbone, const ClassList& classes, ImageSource& source, std::int64_t batch = 100) {
  return detail::predict_logits(std::make_shared<detail::CallsOf<BackboneT>>(backbone), classes, source, batch);
}

/// Logits as a matrix, for policies without tensors (`PredictionNegatives`). **Shape** [N, C].
Eigen::MatrixXf as_matrix(const Tensor& logits);

/// The most likely class of each row of `logits` [N, C].
std::vector<std::int64_t> winners(const Tensor& logits);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/predict.ipp>
#endif
