// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// PromptSRC: self-regulating prompts (Khattak et al., arXiv 2307.06948).

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/matmul.h>

#include <mao/backbones/detail/gaussian_aggregation.hpp>
#include <mao/backbones/detail/refused_method.hpp>
#include <mao/backbones/ivlp.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/prompts/class_features.hpp>
#include <mao/prompts/imagenet_templates.hpp>

namespace mao {

/// Settings of `PromptSrc`.
struct PromptSrcOptions {
  std::string init = "a photo of a";  ///< the first words start the text context; empty: random, normal (0, 0.02)
  std::int64_t text_context = 4, text_depth = 9;
  std::int64_t vision_context = 4, vision_depth = 9;          ///< depth 0: no vision prompt
  std::vector<std::string> templates = imagenet_templates();  ///< for the frozen model's class vectors
  double text_weight = 25, image_weight = 10, logit_weight = 1;
  GaussianAggregationOptions aggregation{};
  std::uint64_t seed = 1;  ///< of the random starts
  static constexpr const char* fields[] = {"init",         "text_context", "text_depth",  "vision_context",
                                           "vision_depth", "templates",    "text_weight", "image_weight",
                                           "logit_weight", "aggregation",  "seed"};
};

/// IVLP's prompts, kept close to the frozen model by three terms and averaged over epochs.
///
///   loss = CE(S, y) + 25 mean|T - T0| + 10 mean|I - I0| + sum p(Z) (log p(Z) - log p(S)) / (B C)
///
/// T and I are unit features with prompts, T0 (mean over templates) and I0 those of the frozen model, S = s I T' and
/// Z = s I0 T0' logits over all classes, independently of the task loss. At the end, the prompts become a
/// Gaussian-weighted average of the prompts after each epoch (`GaussianAggregation`).
///
/// Trains what `Ivlp` trains: 46,080 numbers for ViT-B/16 with 4 + 4 vectors and depth 9.
///
/// **Differs** from the released code: only prompts are averaged, not the frozen weights; fp32 throughout.
template <PromptedTowers ModelT>
class PromptSrc {
 public:
  using Options = PromptSrcOptions;
  static constexpr bool needs_all_classes = true;

  /// **Throws** `OptionError` for a depth that a tower does not have, a weight below 0 or templates without `{}`,
  /// `DataError` for a class name that is too long.
  explicit PromptSrc(std::shared_ptr<const ModelT> model, ClassList classes, Options options = {})
      : model_(not_null(model, "PromptSrc: the model")),
        options_(std::move(options)),
        prompts_(std::move(model), classes, prompts_of(options_)),
        aggregation_(options_.aggregation) {
    for (const double weight : {options_.text_weight, options_.image_weight, options_.logit_weight}) {
      require<OptionError>(weight >= 0, "PromptSrc: a loss weight of ", weight, ", expected 0 or more (25, 10 and 1)");
    }
    teacher_ = frozen_class_features(*model_, classes, options_.templates, Averaging::Raw);
  }

  /// Encodes the frozen class vectors as well.
  void bind(ClassList classes) {
    teacher_ = frozen_class_features(*model_, classes, options_.templates, Averaging::Raw);
    prompts_.bind(std::move(classes));
  }

  [[nodiscard]] const ClassList& classes() const { return prompts_.classes(); }
  Output forward(const ImageBatch& images, const Candidates& candidates) {
    return prompts_.forward(images, candidates);
  }

  /// **Shapes** [H, D] and [B, D], unit rows; `raw_`: not normalised.
  Tensor encode_text(const Candidates& candidates) { return prompts_.encode_text(candidates); }
  Tensor encode_image(const ImageBatch& images) { return prompts_.encode_image(images); }
  Tensor raw_text(const Candidates& candidates) { return prompts_.raw_text(candidates); }
  Tensor raw_image(const ImageBatch& images) { return prompts_.raw_image(images); }

  /// The three weighted distances to the frozen model.
  Tensor auxiliary_loss(const Output& output, const Batch&) {
    require<DataError>(output.images.pixels.defined() || output.images.features.defined(),
                       "PromptSrc: the output does not hold the images it was made from; set output.images (the tuner "
                       "does)");
    const Tensor text = class_rows(teacher_, output.candidates);
    const Tensor image = frozen_image_features(*model_, output.images);
    const Tensor wanted = at::matmul(image, text.t()) * output.scale, log_wanted = wanted.log_softmax(1);
    const Tensor divergence = (wanted.softmax(1) * (log_wanted - output.logits.log_softmax(1))).sum();
    return (output.text - text).abs().mean() * options_.text_weight +
           (output.image - image).abs().mean() * options_.image_weight +
           divergence * (options_.logit_weight / static_cast<double>(output.logits.numel()));
  }

  ParameterList parameters() { return prompts_.parameters(); }
  void end_epoch(const EpochInfo& info) { aggregation_.add(parameters(), info); }
  void finish() { aggregation_.finish(parameters()); }

  /// For a method on top whose parameters are also averaged (DePT).
  [[nodiscard]] GaussianAggregation& aggregation() { return aggregation_; }

  /// The sums of the aggregation during a stage.
  [[nodiscard]] TensorMap buffers() const { return aggregation_.buffers(); }
  void set_buffers(const TensorMap& buffers) { aggregation_.set_buffers(buffers); }

  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("PromptSrc", options_); }
  [[nodiscard]] ClassList learned_for() const { return {}; }
  [[nodiscard]] double logit_scale() const { return model_->logit_scale(); }
  [[nodiscard]] const ModelT& model() const { return *model_; }
  /// Class vectors of the frozen model. **Shape** [C, D], unit rows.
  [[nodiscard]] const Tensor& teacher() const { return teacher_; }

 private:
  static IvlpOptions prompts_of(const Options& options) {
    return {.init = options.init,
            .text_context = options.text_context,
            .text_depth = options.text_depth,
            .vision_context = options.vision_context,
            .vision_depth = options.vision_depth,
            .seed = options.seed};
  }

  std::shared_ptr<const ModelT> model_;
  Options options_;
  Ivlp<ModelT> prompts_;
  GaussianAggregation aggregation_;
  Tensor teacher_;  // [C, D], unit rows
};

template <class ModelT>
PromptSrc(std::shared_ptr<ModelT>, ClassList) -> PromptSrc<std::remove_const_t<ModelT>>;
template <class ModelT>
PromptSrc(std::shared_ptr<ModelT>, ClassList, PromptSrcOptions) -> PromptSrc<std::remove_const_t<ModelT>>;

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class PromptSrc<explain::NoModel> : public detail::RefusedMethod {
  using detail::RefusedMethod::RefusedMethod;
};
template <explain::NoPromptedModel P, class... Rest>
PromptSrc(P, Rest...) -> PromptSrc<explain::RefusedModel<P>>;

}  // namespace mao
