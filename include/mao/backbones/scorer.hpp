// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The logits of a backbone as it is, over all its classes, for one batch of images after the other.

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>

#include <mao/backbones/concepts.hpp>
#include <mao/core/ops.hpp>

namespace mao {

/// Evaluates a backbone without changing it. Where class features do not depend on the image they are encoded once, at
/// construction; the backbone must not be trained or bound anew while a scorer is used.
template <Backbone BackboneT>
class Scorer {
 public:
  explicit Scorer(BackboneT& backbone) : backbone_(&backbone), all_(Candidates::all(backbone.classes().size())) {
    const at::NoGradGuard frozen;
    if constexpr (ClassFeatures<BackboneT>) {
      if (traits_of(backbone).class_features) text_ = backbone.encode_text(all_).detach().clone();
    }
  }

  /// **Shape** [B, C], without gradient.
  [[nodiscard]] Tensor operator()(const ImageBatch& images) const {
    const at::NoGradGuard frozen;
    if constexpr (ScoresItself<BackboneT>) {
      if (text_.defined()) return backbone_->score(images, text_);
    } else if constexpr (ClassFeatures<BackboneT>) {
      if (text_.defined()) return at::matmul(backbone_->encode_image(images), text_.t()) * backbone_->logit_scale();
    }
    return backbone_->forward(images, all_).logits;
  }

 private:
  BackboneT* backbone_;
  Candidates all_;
  Tensor text_;  // [C, D], unit rows
};

}  // namespace mao
