// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CoOp's context beside a frozen teacher: what KgCoOp and ProGrad share.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mao/backbones/coop.hpp>
#include <mao/prompts/class_features.hpp>

namespace mao::detail {

/// CoOp with the class vectors of the frozen model with `templates`, which are encoded once for each binding.
template <VisionLanguageModel ModelT>
class TaughtContext {
 public:
  static constexpr bool frozen_image_tower = true;
  static constexpr bool needs_all_classes = true;

  /// **Throws** `OptionError` for no template or a context that cannot start, `DataError` for a class name that does
  /// not fit.
  TaughtContext(std::shared_ptr<const ModelT> model, ClassList classes, const ContextPhrase& phrase,
                typename Coop<ModelT>::Options options, std::vector<std::string> templates)
      : model_(std::move(model)),
        templates_(std::move(templates)),
        coop_(model_, std::move(classes), phrase, std::move(options)),
        teacher_(frozen_class_features(*model_, coop_.classes(), templates_)) {}

  /// Encodes the teacher's vectors of the new classes, once.
  void bind(ClassList classes) {
    Tensor teacher = frozen_class_features(*model_, classes, templates_);
    coop_.bind(std::move(classes));
    teacher_ = std::move(teacher);
  }

  [[nodiscard]] const ClassList& classes() const { return coop_.classes(); }
  Output forward(const ImageBatch& images, const Candidates& candidates) { return coop_.forward(images, candidates); }

  /// **Shape** [H, D], unit rows; `raw_text`: the tower's features, not normalised.
  Tensor encode_text(const Candidates& candidates) { return coop_.encode_text(candidates); }
  Tensor raw_text(const Candidates& candidates) { return coop_.raw_text(candidates); }

  /// **Shape** [B, D], unit rows, without gradient; `raw_image`: the tower's features, not normalised.
  Tensor encode_image(const ImageBatch& images) { return coop_.encode_image(images); }
  Tensor raw_image(const ImageBatch& images) { return coop_.raw_image(images); }

  ParameterList parameters() { return coop_.parameters(); }
  [[nodiscard]] ClassList learned_for() const { return coop_.learned_for(); }
  [[nodiscard]] double logit_scale() const { return coop_.logit_scale(); }
  [[nodiscard]] const ModelT& model() const { return *model_; }

  /// The class vectors of the frozen model. **Shape** [C, D], unit rows.
  [[nodiscard]] const Tensor& teacher() const { return teacher_; }

 private:
  std::shared_ptr<const ModelT> model_;
  std::vector<std::string> templates_;
  Coop<ModelT> coop_;
  Tensor teacher_;
};

}  // namespace mao::detail
