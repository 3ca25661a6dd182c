// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which class a backbone sees in each image.

#include <vector>

#include <Eigen/Core>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include <mao/backbones/binding.hpp>
#include <mao/backbones/scorer.hpp>
#include <mao/core/detail/image_calls.hpp>

namespace mao {

/// Logits over `classes` for the evaluation view of every image of `source`. **Shape** [N, C].
///
/// The backbone is bound to the classes for as long, and left as it was. Where class features do not depend on the
/// image they are encoded once, not once a batch. **Throws** as `bind_to` and `Scorer`, `DataError` for no images.
template <Backbone BackboneT>
Tensor predict_logits(BackboneT& backbone, const ClassList& classes, ImageSource& source, std::int64_t batch = 100) {
  const at::NoGradGuard frozen;
  const StepPlace place{.name = "evaluation"};
  const BoundFor bound(backbone, classes);
  const auto batches = evaluation_views(count_of(source, place), batch);
  require<DataError>(!batches.empty(), "predict_logits: there are no images to classify");
  announce_to(source, batches, place);
  const Scorer scorer(backbone);
  std::vector<Tensor> parts;
  for (const auto& views : batches) parts.push_back(scorer(load_from(source, views, place)));
  return at::cat(parts).cpu();
}

/// Logits for a policy that knows no tensors (`PredictionNegatives`). **Shape** [N, C].
Eigen::MatrixXf as_matrix(const Tensor& logits);

/// The most likely class of each row of `logits` [N, C].
std::vector<std::int64_t> winners(const Tensor& logits);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/predict.ipp>
#endif
