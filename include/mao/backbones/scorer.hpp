// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The logits of a backbone as it is, over all its classes, for one batch of images after the other.

#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>

#include <mao/backbones/concepts.hpp>
#include <mao/backbones/detail/finite.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/detail/policy_call.hpp>
#include <mao/data/class_key.hpp>

namespace mao {

namespace detail {

/// Which of `count` rows an evaluation looks at twice: the first ones, and others from there to the last.
std::vector<std::int64_t> looked_at_twice(std::int64_t count, std::int64_t first, std::int64_t others);

/// Those images of a batch.
ImageBatch images_at(const ImageBatch& images, const std::vector<std::int64_t>& rows);

}  // namespace detail

/// Evaluates a backbone without changing it; it must not be trained meanwhile. Class features that do not depend on the
/// image are encoded once: by `forward`, which scores 32 images of the first batch too, to be compared.
template <Backbone BackboneT>
class Scorer {
 public:
  /// **Throws** `OptionError` for no classes, `DataError` for names that `check_class_names` refuses.
  explicit Scorer(BackboneT& backbone) : backbone_(&backbone), classes_(backbone.classes()) {
    require<OptionError>(classes_.size() > 0, "evaluation: the backbone is bound to no class; bind it to those that ",
                         "the images are to be told apart by");
    check_class_names(classes_, "evaluation: the backbone's classes");
    all_ = Candidates::all(classes_.size());
    const at::NoGradGuard frozen;
    if (traits_of(backbone).class_features && traits_of(backbone).scores_itself) text_ = encoded(all_);
  }

  /// **Shape** [B, C], without gradient. **Throws** `OptionError` when the backbone was bound to other classes since,
  /// `NumericError` that says what was not finite first, `PolicyError` when the forward pass gives other logits than
  /// the features that were encoded once (asked at the first batch).
  [[nodiscard]] Tensor operator()(const ImageBatch& images) const {
    const at::NoGradGuard frozen;
    expect_same_classes(backbone_->classes(), classes_, "evaluation: the backbone is bound to",
                        "it was bound again while it was evaluated; make another Scorer");
    const bool compares = !compared_ && fast();
    const auto rows = detail::looked_at_twice(images.size(), 16, compares ? 16 : 0);
    const Tensor image = compares ? encoded_images(images) : Tensor{};  // first: `forward` may share frozen features
    const Output seen = compares ? seen_by_forward(detail::images_at(images, rows)) : Output{};
    if (compares) text_ = usable(seen.text) ? seen.text.detach().clone() : encoded(all_);
    Tensor logits = scores(images, image);
    if (!all_finite(logits)) refuse(images, logits);
    if (compares) compare_with_forward(images, image, rows, seen, logits);
    compared_ = true;
    return logits;
  }

 private:
  static constexpr StepPlace here{.name = "evaluation"};

  /// Whether logits are cosines of features that are encoded once, which the forward pass has to agree with.
  [[nodiscard]] bool fast() const {
    return traits_of(*backbone_).class_features && !traits_of(*backbone_).scores_itself;
  }

  [[nodiscard]] bool usable(const Tensor& text) const {
    return text.defined() && text.dim() == 2 && text.size(0) == all_.size() && all_finite(text);
  }

  [[nodiscard]] Tensor encoded(const Candidates& candidates) const {
    if constexpr (ClassFeatures<BackboneT>) {
      const Tensor text = policy_call(
          here, "the backbone's `encode_text`", [&] { return text_of("class features [", candidates.size(), ", D]"); },
          [&] { return backbone_->encode_text(candidates); });
      expect_shape(text, {candidates.size(), -1}, "evaluation: the class features of `encode_text`");
      return text.detach().clone();
    }
    return {};
  }

  [[nodiscard]] Tensor encoded_images(const ImageBatch& images) const {
    if constexpr (ClassFeatures<BackboneT>) {
      const auto expected = [&] { return text_of("image features [", images.size(), ", D]"); };
      return policy_call(here, "the backbone's `encode_image`", expected,
                         [&] { return backbone_->encode_image(images); });
    }
    return {};
  }

  /// `image`: their features, where they are known already.
  [[nodiscard]] Tensor scores(const ImageBatch& images, const Tensor& image = {}) const {
    const std::int64_t count = images.size();
    const auto expected = [&] { return text_of("logits [", count, ", ", all_.size(), "]"); };
    const char* who = text_.defined() ? "the backbone's `encode_image` or `score`" : "the backbone's `forward`";
    const Tensor logits = policy_call(here, who, expected, [&]() -> Tensor {
      if constexpr (ScoresItself<BackboneT>) {
        if (text_.defined()) return backbone_->score(images, text_);
      } else if constexpr (ClassFeatures<BackboneT>) {
        if (text_.defined()) {
          const Tensor rows = image.defined() ? image : backbone_->encode_image(images);
          return at::matmul(rows, text_.t()) * backbone_->logit_scale();
        }
      }
      return backbone_->forward(images, all_).logits;
    });
    expect_shape(logits, {count, all_.size()}, "evaluation: the backbone's logits");
    return logits;
  }

  [[nodiscard]] Output seen_by_forward(const ImageBatch& images) const {
    Output seen = policy_call(
        here, "the backbone's `forward`",
        [&] { return text_of("logits ", shape_text({images.size(), all_.size()})); },
        [&] { return backbone_->forward(images, all_); });
    const Tensor& logits = seen.logits;
    require<PolicyError>(logits.defined() && logits.dim() == 2 && logits.size(0) == images.size() &&
                             logits.size(1) == all_.size(),
                         here, ": the backbone's `forward` gave ",
                         logits.defined() ? "logits of shape " + shape_text(logits.sizes()) : "no logits", " for ",
                         images.size(), " images and ", all_.size(), " candidates, expected ",
                         shape_text({images.size(), all_.size()}), ", a row an image and a column a candidate");
    return seen;
  }

  /// `logits` of the batch, which become those of `encode_text` where the class features of `forward` do not give its
  /// own logits.
  void compare_with_forward(const ImageBatch& images, const Tensor& image, const std::vector<std::int64_t>& rows,
                            const Output& seen, Tensor& logits) const {
    const Tensor index = at::tensor(rows).to(logits.device());
    const auto largest = seen.logits.abs().amax().template item<double>(), most = 0.02 * largest + 1e-3;
    const auto apart = [&] { return (seen.logits - logits.index_select(0, index)).abs(); };
    if (usable(seen.text)) {
      if (apart().amax().template item<double>() <= most) return compare_text();
      text_ = encoded(all_);
      logits = scores(images, image);
    }
    const Tensor differences = apart();
    const auto found = differences.amax().template item<double>();
    if (found <= most) return;
    const auto worst = differences.argmax().template item<std::int64_t>();
    refuse_other(worst % all_.size(), text_of("logits that are up to ", found, " apart (of ", largest, "; image ",
                                              rows[static_cast<std::size_t>(worst / all_.size())], " of the batch, "));
  }

  /// `encode_text` gives the class features of `forward`; of more than 16 classes it is asked for four.
  void compare_text() const {
    const auto rows = detail::looked_at_twice(all_.size(), all_.size() <= 16 ? 16 : 2, 2);
    const Tensor difference =
        (text_.index_select(0, at::tensor(rows).to(text_.device())) - encoded({rows})).norm(2, 1);
    const auto found = difference.max().template item<double>();
    if (found <= 0.05) return;
    const auto worst = static_cast<std::size_t>(difference.argmax().template item<std::int64_t>());
    refuse_other(rows[worst], text_of("class features that are up to ", found, " apart ("));
  }

  [[noreturn]] void refuse_other(std::int64_t id, const std::string& what) const {
    throw PolicyError(text_of(
        here, ": the backbone's `forward`, which is trained, and `encode_image`, `encode_text`, `logit_scale`, which "
        "are evaluated, give ", what, "class ", id, " '", classes_.names[static_cast<std::size_t>(id)],
        "'); let both normalise and scale alike, or leave out the `encode_` functions"));
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
  mutable Tensor text_;  // [C, D], unit rows
  mutable bool compared_ = false;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/backbones/impl/scorer.ipp>
#endif
