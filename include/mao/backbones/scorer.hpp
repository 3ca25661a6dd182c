// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The logits of a backbone as it is, over all its classes, for one batch of images after the other.

#include <algorithm>
#include <memory>
#include <string>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>

#include <mao/backbones/concepts.hpp>
#include <mao/backbones/finite.hpp>
#include <mao/core/ops.hpp>
#include <mao/core/policy_call.hpp>

namespace mao {

namespace detail {

/// The first images of a batch.
inline ImageBatch first_images(const ImageBatch& images, std::int64_t most) {
  const auto few = [&](const Tensor& rows) {
    return rows.defined() ? rows.narrow(0, 0, std::min(most, rows.size(0))) : rows;
  };
  ImageBatch result{.pixels = few(images.pixels), .features = few(images.features)};
  result.features_of = images.features_of;
  if (images.frozen != nullptr && images.frozen->rows.defined()) {
    result.frozen = std::make_shared<FrozenFeatures>(FrozenFeatures{images.frozen->model, few(images.frozen->rows)});
  }
  return result;
}

}  // namespace detail

/// Evaluates a backbone without changing it. Where class features do not depend on the image they are encoded once, at
/// construction; the backbone must not be trained while a scorer is used.
template <Backbone BackboneT>
class Scorer {
 public:
  explicit Scorer(BackboneT& backbone) : backbone_(&backbone), classes_(backbone.classes()) {
    require<OptionError>(classes_.size() > 0,
                         "evaluation: the backbone is bound to no class; bind it to those that the "
                         "images are to be told apart by");
    all_ = Candidates::all(classes_.size());
    const at::NoGradGuard frozen;
    if constexpr (ClassFeatures<BackboneT>) {
      if (traits_of(backbone).class_features) text_ = encoded(all_).detach().clone();
    }
  }

  /// **Shape** [B, C], without gradient. **Throws** `OptionError` when the backbone was bound to other classes since,
  /// `NumericError` that says what was not finite first, `PolicyError` when the forward pass gives other logits than
  /// the features that were encoded once (asked at the first batch).
  [[nodiscard]] Tensor operator()(const ImageBatch& images) const {
    const at::NoGradGuard frozen;
    expect_same_classes(backbone_->classes(), classes_, "evaluation: the backbone is bound to",
                        "it was bound anew while it was evaluated; make another Scorer");
    const Tensor logits = scores(images);
    if (!all_finite(logits)) refuse(images, logits);
    if (!compared_ && fast()) compare_with_forward(images, logits);
    compared_ = true;
    return logits;
  }

 private:
  static constexpr StepPlace here{.name = "evaluation"};

  /// Whether logits are cosines of features that were encoded once, which the forward pass has to agree with.
  [[nodiscard]] bool fast() const { return text_.defined() && !traits_of(*backbone_).scores_itself; }

  [[nodiscard]] Tensor encoded(const Candidates& candidates) const requires ClassFeatures<BackboneT> {
    Tensor text = policy_call(
        here, "the backbone's `encode_text`", [&] { return text_of("class features [", candidates.size(), ", D]"); },
        [&] { return backbone_->encode_text(candidates); });
    expect_shape(text, {candidates.size(), -1}, "evaluation: the class features of `encode_text`");
    return text;
  }

  [[nodiscard]] Tensor scores(const ImageBatch& images) const {
    const std::int64_t count = (images.pixels.defined() ? images.pixels : images.features).size(0);
    const auto expected = [&] { return text_of("logits [", count, ", ", all_.size(), "]"); };
    const char* who = text_.defined() ? "the backbone's `encode_image` or `score`" : "the backbone's `forward`";
    const Tensor logits = policy_call(here, who, expected, [&]() -> Tensor {
      if constexpr (ScoresItself<BackboneT>) {
        if (text_.defined()) return backbone_->score(images, text_);
      } else if constexpr (ClassFeatures<BackboneT>) {
        if (text_.defined()) return at::matmul(backbone_->encode_image(images), text_.t()) * backbone_->logit_scale();
      }
      return backbone_->forward(images, all_).logits;
    });
    expect_shape(logits, {count, all_.size()}, "evaluation: the backbone's logits");
    return logits;
  }

  void compare_with_forward(const ImageBatch& images, const Tensor& logits) const {
    constexpr std::int64_t images_asked = 2, classes_asked = 4;
    const Candidates asked = Candidates::all(std::min(classes_asked, all_.size()));
    const Tensor given = policy_call(
        here, "the backbone's `forward`", [] { return "logits of 2 images"; },
        [&] { return backbone_->forward(detail::first_images(images, images_asked), asked).logits; });
    expect_shape(given, {-1, asked.size()}, "evaluation: the logits of `forward`");
    const Tensor there = logits.narrow(0, 0, given.size(0)).narrow(1, 0, asked.size());
    const auto apart = (given - there).abs().amax().template item<double>();
    const auto largest = given.abs().amax().template item<double>();
    require<PolicyError>(
        apart <= 0.02 * largest + 1e-3, here,
        ": the backbone's `forward`, which is trained, and "
        "`encode_image`, `encode_text`, `logit_scale`, which are evaluated, give logits that are up to ",
        apart, " apart (of ", largest,
        "); let both normalise and scale alike, or leave out the "
        "`encode_` functions");
  }

  [[noreturn]] void refuse(const ImageBatch& images, const Tensor& logits) const {
    const std::string learned = first_bad_parameter(backbone_->parameters());
    std::string first = learned.empty() ? std::string() : "what was learned (" + learned + ")";
    if (first.empty()) first = bad_input(images);
    if (first.empty() && text_.defined() && !all_finite(text_)) {
      first = bad_output({.logits = {}, .image = {}, .text = text_, .scale = {}, .candidates = all_}, classes_);
    }
    if (first.empty()) first = bad_output(backbone_->forward(images, all_), classes_);
    throw NumericError(
        text_of(here, ": the logits of image ", first_bad_row(logits),
                " of the batch are not finite; the first that is not: ", first.empty() ? "the logits" : first));
  }

  BackboneT* backbone_;
  ClassList classes_;
  Candidates all_;
  Tensor text_;  // [C, D], unit rows
  mutable bool compared_ = false;
};

}  // namespace mao
