// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Class probabilities of a backbone for images: the basis of the pseudo-labellers.

#include <memory>
#include <utility>

#include <ATen/core/grad_mode.h>

#include <mao/backbones/description.hpp>
#include <mao/backbones/scorer.hpp>
#include <mao/labelers/concepts.hpp>

namespace mao {

/// Softmax probabilities from its own backbone, bound to the classes to label. Class features that do not depend on the
/// image are encoded once, at construction.
///
/// A backbone that shares its parameters with one in training drifts with it. Copies share the backbone.
template <Backbone BackboneT>
class ClassProbabilities {
 public:
  explicit ClassProbabilities(BackboneT backbone)
      : backbone_(std::make_shared<BackboneT>(std::move(backbone))),
        scorer_(*backbone_),
        description_(description_of_learned(*backbone_)) {}

  /// **Shape** [B, C], on the CPU, without gradient.
  [[nodiscard]] Tensor operator()(const ImageBatch& images) const {
    const at::NoGradGuard frozen;
    return scorer_(images).softmax(1).cpu();
  }

  [[nodiscard]] const ClassList& classes() const { return backbone_->classes(); }
  /// The description of the backbone, its model and its learned parameters at construction.
  [[nodiscard]] const Description& describe() const { return description_; }

 private:
  std::shared_ptr<BackboneT> backbone_;
  Scorer<BackboneT> scorer_;
  Description description_;
};

/// The most likely class of each row and its probability. **Shape** probabilities [B, C].
PseudoLabels most_likely(const Tensor& probabilities);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/labelers/impl/class_probabilities.ipp>
#endif
