// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// VPT: visual prompt tuning (Jia et al., arXiv 2203.12119), as it is used as a baseline on CLIP.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mao/backbones/concepts.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/backbones/detail/refused_method.hpp>
#include <mao/core/describe.hpp>
#include <mao/prompts/class_features.hpp>
#include <mao/prompts/deep.hpp>

namespace mao {

/// Settings of `Vpt`; the defaults are those of the MaPLe repository.
struct VptOptions {
  std::int64_t context = 8;  ///< n, vectors per layer
  std::int64_t depth = 12;   ///< layers with their own vectors, including the input; 1: a shallow prompt
  std::vector<std::string> templates{"a photo of a {}."};  ///< for the class vectors, which are not trained
  std::uint64_t seed = 1;                                  ///< of the random start
  static constexpr const char* fields[] = {"context", "depth", "templates", "seed"};
};

/// Learns prompts of the image tower only; class vectors are those of the frozen model, encoded once per binding.
///
///   vision:  [class] patches V_0             before block i = 1 .. depth - 1 the last n tokens become V_i
///   text:    "a photo of a {name}.", frozen
///
/// Trains `image_encoder.VPT` [n, Wv] and `image_encoder.transformer.resblocks.i.VPT_shallow`: for ViT-B/16 73,728
/// numbers, or 6,144 with depth 1.
///
/// **Differs** from the original VPT: vectors are after the patches instead of before them, start normal (0, 0.02), and
/// the classifier is CLIP's text.
template <PromptedTowers ModelT>
class Vpt {
 public:
  using Options = VptOptions;

  /// **Throws** `OptionError` for a depth that the image tower does not have or no template, `DataError` for a class
  /// name that is too long.
  explicit Vpt(std::shared_ptr<const ModelT> model, ClassList classes, Options options = {})
      : model_(not_null(std::move(model), "Vpt: the model")), options_(std::move(options)) {
    const TowerSizes sizes = model_->towers();
    detail::check_depth(options_.depth, sizes.vision_layers, "Vpt: depth");
    prompt_ = VisionPrompt(options_.depth, options_.context, sizes.vision_width, Rng(options_.seed));
    bind(std::move(classes));
  }

  /// Encodes the class vectors, once.
  void bind(ClassList classes) {
    text_ = frozen_class_features(*model_, classes, options_.templates);
    classes_ = std::move(classes);
  }

  [[nodiscard]] const ClassList& classes() const { return classes_; }
  Output forward(const ImageBatch& images, const Candidates& candidates) {
    return compare(encode_image(images), encode_text(candidates), model_->logit_scale(), candidates);
  }

  /// Rows of the class vectors. **Shape** [H, D], unit rows, without gradient.
  Tensor encode_text(const Candidates& candidates) { return class_rows(text_, candidates); }

  /// **Shape** [B, D], unit rows.
  Tensor encode_image(const ImageBatch& images) {
    return unit_rows(prompted_image_features(*model_, images, prompt_.prompts()));
  }

  /// VPT adds no loss term.
  Tensor auxiliary_loss(const Output&, const Batch&) { return {}; }
  ParameterList parameters() { return prompt_.parameters(); }
  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("Vpt", options_); }
  [[nodiscard]] ClassList learned_for() const { return {}; }
  [[nodiscard]] double logit_scale() const { return model_->logit_scale(); }
  [[nodiscard]] const ModelT& model() const { return *model_; }

 private:
  std::shared_ptr<const ModelT> model_;
  Options options_;
  ClassList classes_;
  Tensor text_;  // [C, D], unit rows
  VisionPrompt prompt_;
};

template <class ModelT>
Vpt(std::shared_ptr<ModelT>, ClassList) -> Vpt<std::remove_const_t<ModelT>>;
template <class ModelT>
Vpt(std::shared_ptr<ModelT>, ClassList, VptOptions) -> Vpt<std::remove_const_t<ModelT>>;

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class Vpt<explain::NoModel> : public detail::RefusedMethod {
  using detail::RefusedMethod::RefusedMethod;
};
template <explain::NoPromptedModel P, class... Rest>
Vpt(P, Rest...) -> Vpt<explain::RefusedModel<P>>;

}  // namespace mao
