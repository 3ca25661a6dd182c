// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which class a backbone sees in each image.

#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include <mao/backbones/concepts.hpp>
#include <mao/core/ops.hpp>

namespace mao {

/// Logits over all bound classes for the evaluation view of every image of `source`. **Shape** [N, C].
///
/// Where class features do not depend on the image they are encoded once, not once a batch.
template <Backbone BackboneT>
Tensor predict_logits(BackboneT& backbone, ImageSource& source, std::int64_t batch = 100) {
  const at::NoGradGuard frozen;
  const Candidates all = Candidates::all(backbone.classes().size());
  const auto batches = evaluation_views(source.size(), batch);
  require<DataError>(!batches.empty(), "predict_logits: there are no images to classify");
  source.announce(batches);
  Tensor text;
  if constexpr (ClassFeatures<BackboneT>) text = backbone.encode_text(all);
  std::vector<Tensor> parts;
  for (const auto& views : batches) {
    const ImageBatch images = source.load(views);
    if constexpr (ClassFeatures<BackboneT>) {
      parts.push_back(at::matmul(backbone.encode_image(images), text.t()) * backbone.logit_scale());
    } else {
      parts.push_back(backbone.forward(images, all).logits);
    }
  }
  return at::cat(parts).cpu();
}

/// The most likely class of each row of `logits` [N, C].
inline std::vector<std::int64_t> winners(const Tensor& logits) {
  const Tensor best = logits.argmax(1).cpu().contiguous();
  const auto* begin = best.const_data_ptr<std::int64_t>();
  return {begin, begin + best.numel()};
}

}  // namespace mao
