// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Labellers for the unlabelled images of the new classes: the frozen model (the paper) or the tuned prompt (the
/// released code).

#include <memory>
#include <utility>

#include <mao/backbones/zero_shot.hpp>
#include <mao/labelers/class_probabilities.hpp>

namespace mao {

/// Labels with a backbone: its class features are encoded once, at construction.
///
/// Pass a separate backbone, bound to the new classes: with the one in training, labels would change during training.
/// **Source** MAO's released code; in Table 5 of the paper, it is worse than the frozen model.
template <Backbone BackboneT>
class TunedPromptLabeler {
 public:
  explicit TunedPromptLabeler(BackboneT backbone) : tuned_(std::move(backbone)) {}

  /// The most similar class of each image and its softmax probability. The labelled view is the one that is used for
  /// training.
  PseudoLabels label(const ImageBatch& images) { return most_likely(tuned_(images)); }
  [[nodiscard]] const ClassList& classes() const { return tuned_.classes(); }  ///< that the labels are positions in
  /// The backbone, its model and its learned parameters; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return Description("TunedPromptLabeler").with("of", tuned_.describe()); }

 private:
  ClassProbabilities<BackboneT> tuned_;
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

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class ZeroShotLabeler<explain::NoModel> {
 public:
  template <class... Args>
  explicit ZeroShotLabeler(Args&&...) {}
  PseudoLabels label(const ImageBatch&);
  [[nodiscard]] const ClassList& classes() const;
};
template <explain::NoTextModel P, class... Rest>
ZeroShotLabeler(P, Rest...) -> ZeroShotLabeler<explain::RefusedModel<P>>;

}  // namespace mao
