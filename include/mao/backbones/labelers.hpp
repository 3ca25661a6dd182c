// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Who labels the unlabelled images of the new classes: the frozen model (the paper) or the tuned prompt (the released
/// code).

#include <memory>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/softmax.h>

#include <mao/backbones/zero_shot.hpp>
#include <mao/sampling/concepts.hpp>

namespace mao {

/// Labels with a backbone as it is at construction: its class features are encoded once.
///
/// Pass a backbone of its own, bound to the new classes: sharing the one in training would let labels drift with it.
/// **Source** MAO's released code; Table 5 of the paper has it below the frozen model.
template <ClassFeatures BackboneT>
class TunedPromptLabeler {
 public:
  explicit TunedPromptLabeler(BackboneT backbone) : backbone_(std::move(backbone)) {
    const at::NoGradGuard frozen;
    text_ = backbone_.encode_text(Candidates::all(backbone_.classes().size())).detach().clone();
  }

  /// The most similar class of each image and its softmax probability. Labels come from the very view that is trained
  /// on.
  PseudoLabels label(const ImageBatch& images) {
    const at::NoGradGuard frozen;
    const Tensor logits = at::matmul(backbone_.encode_image(images), text_.t()) * backbone_.logit_scale();
    const auto [confidence, winner] = at::softmax(logits, 1).cpu().max(1);
    PseudoLabels result;
    const auto* label = winner.template const_data_ptr<std::int64_t>();
    const auto* sure = confidence.template const_data_ptr<float>();
    result.labels.assign(label, label + winner.numel());
    result.confidence.assign(sure, sure + confidence.numel());
    return result;
  }

 private:
  BackboneT backbone_;
  Tensor text_;  // [C, D], unit rows
};

/// Labels with the frozen model and "a photo of a {}." (MAO, section 3.4).
template <VisionLanguageModel ModelT>
class ZeroShotLabeler : public TunedPromptLabeler<ZeroShot<ModelT>> {
 public:
  using Options = typename ZeroShot<ModelT>::Options;

  ZeroShotLabeler(std::shared_ptr<const ModelT> model, ClassList new_classes, Options options = {})
      : TunedPromptLabeler<ZeroShot<ModelT>>(
            ZeroShot<ModelT>(std::move(model), std::move(new_classes), std::move(options))) {}
};

template <class ModelT>
ZeroShotLabeler(std::shared_ptr<ModelT>, ClassList) -> ZeroShotLabeler<std::remove_const_t<ModelT>>;

}  // namespace mao
