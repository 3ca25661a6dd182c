// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Evaluates a backbone over all its classes, batch by batch.

#include <memory>
#include <string>
#include <vector>

#include <mao/backbones/detail/backbone_calls.hpp>

namespace mao {

namespace detail {

/// The rows, out of `count`, that an evaluation checks: the first ones, and others up to the last.
std::vector<std::int64_t> looked_at_twice(std::int64_t count, std::int64_t first, std::int64_t others);

/// These images of a batch.
ImageBatch images_at(const ImageBatch& images, const std::vector<std::int64_t>& rows);

/// `Scorer` for any backbone.
class CallsScorer {
 public:
  explicit CallsScorer(std::shared_ptr<BackboneCalls> backbone);
  [[nodiscard]] Tensor operator()(const ImageBatch& images) const;

 private:
  /// True if logits are cosines of features that are encoded once; the forward pass must agree with them.
  [[nodiscard]] bool fast() const;
  [[nodiscard]] bool usable(const Tensor& text) const;
  [[nodiscard]] Tensor encoded(const Candidates& candidates) const;
  [[nodiscard]] Tensor encoded_images(const ImageBatch& images) const;

  /// `image`: their features, if already known.
  [[nodiscard]] Tensor scores(const ImageBatch& images, const Tensor& image = {}) const;
  [[nodiscard]] Output seen_by_forward(const ImageBatch& images) const;

  /// `logits` of the batch; they are replaced by those of `encode_text` if the class features of `forward` do not give
  /// its own logits.
  void compare_with_forward(const ImageBatch& images, const Tensor& image, const std::vector<std::int64_t>& rows,
                            const Output& seen, Tensor& logits) const;

  /// Checks that `encode_text` gives the class features of `forward`; with more than 16 classes, for four of them.
  void compare_text() const;
  [[noreturn]] void refuse_other(std::int64_t id, const std::string& what) const;
  [[noreturn]] void refuse(const ImageBatch& images, const Tensor& logits) const;

  std::shared_ptr<BackboneCalls> backbone_;
  ClassList classes_;
  Candidates all_;
  mutable Tensor text_;  // [C, D], unit rows
  mutable bool compared_ = false;
};

}  // namespace detail

/// Evaluates a backbone without changing it; do not train it in the meantime. Class features that do not depend on the
/// image are encoded once, by a call of `forward` that also scores 32 images of the first batch for comparison.
template <Backbone BackboneT>
class Scorer {
  static_assert(
      !ClassFeatures<BackboneT> || ScoresItself<BackboneT> ||
          requires(const BackboneT& backbone) { backbone.logit_scale(); },
      "mao: this backbone offers `encode_text` and `encode_image`, so it needs `double logit_scale() const`, "
      "the factor of their cosines; see docs/concepts/backbone.md");

 public:
  /// **Throws** `OptionError` for no classes, `DataError` for names that `check_class_names` refuses.
  explicit Scorer(BackboneT& backbone) : scorer_(std::make_shared<detail::CallsOf<BackboneT>>(backbone)) {}

  /// **Shape** [B, C], without gradient. **Throws** `OptionError` if the backbone was bound to other classes since,
  /// `NumericError` with the first value that was not finite, `PolicyError` if the logits of the forward pass differ
  /// from those of the features that were encoded once (checked in the first batch).
  [[nodiscard]] Tensor operator()(const ImageBatch& images) const { return scorer_(images); }

 private:
  detail::CallsScorer scorer_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/backbones/impl/scorer.ipp>
#endif
