// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a backbone thinks of images at one moment: the common ground of the pseudo-labellers.

#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include <mao/backbones/concepts.hpp>
#include <mao/core/ops.hpp>
#include <mao/sampling/concepts.hpp>

namespace mao {

/// Softmax probabilities by a backbone whose class features are encoded once, at construction.
///
/// Give it a backbone of its own, bound to the classes in question: what is shared with one in training drifts with it.
template <ClassFeatures BackboneT>
class ClassProbabilities {
 public:
  explicit ClassProbabilities(BackboneT backbone) : backbone_(std::move(backbone)) {
    const at::NoGradGuard frozen;
    text_ = backbone_.encode_text(Candidates::all(backbone_.classes().size())).detach().clone();
  }

  /// **Shape** [B, C], on the CPU, without gradient.
  Tensor operator()(const ImageBatch& images) {
    const at::NoGradGuard frozen;
    const Tensor logits = at::matmul(backbone_.encode_image(images), text_.t()) * backbone_.logit_scale();
    return at::softmax(logits, 1).cpu();
  }

  [[nodiscard]] const ClassList& classes() const { return backbone_.classes(); }

 private:
  BackboneT backbone_;
  Tensor text_;  // [C, D], unit rows
};

/// The most likely class of each row and its probability. **Shape** probabilities [B, C].
inline PseudoLabels most_likely(const Tensor& probabilities) {
  const auto [confidence, winner] = probabilities.to(at::kFloat).cpu().max(1);
  const auto* label = winner.const_data_ptr<std::int64_t>();
  const auto* sure = confidence.const_data_ptr<float>();
  PseudoLabels result;
  result.labels.assign(label, label + winner.numel());
  result.confidence.assign(sure, sure + confidence.numel());
  return result;
}

}  // namespace mao
