// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// IVLP: independent vision-language prompting (the ablation of Khattak et al., arXiv 2210.03117, that PromptSRC and
/// MAO build on).

#include <memory>
#include <string>
#include <utility>

#include <mao/backbones/concepts.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/backbones/detail/refused_method.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/own_tensor.hpp>
#include <mao/prompts/context.hpp>
#include <mao/prompts/deep.hpp>

namespace mao {

/// Settings of `Ivlp`.
struct IvlpOptions {
  std::string init = "a photo of a";  ///< the first words start the text context; empty: random, normal (0, 0.02)
  std::int64_t text_context = 2, text_depth = 9;
  std::int64_t vision_context = 2, vision_depth = 9;  ///< depth 0: no vision prompt
  std::uint64_t seed = 1;                             ///< of the random starts
  static constexpr const char* fields[] = {"init",           "text_context", "text_depth",
                                           "vision_context", "vision_depth", "seed"};
};

/// Learns deep prompts in both towers, independently of each other.
///
/// The text prompt is `[start] ctx name . [end]`; before block i its context is replaced by that block's own vectors.
/// Vision prompts are next to the patches and are replaced in the same way.
///
/// Trains `prompt_learner.ctx` [n, Wt], `image_encoder.VPT` [m, Wv], and `VPT_shallow` of blocks 1 .. depth - 1 of
/// either tower: 46,080 numbers for ViT-B/16 with 4 + 4 vectors and depth 9.
template <PromptedTowers ModelT>
class Ivlp {
 public:
  using Options = IvlpOptions;

  /// **Throws** `OptionError` for a depth that a tower does not have, `DataError` for a class name that is too long.
  explicit Ivlp(std::shared_ptr<const ModelT> model, ClassList classes, Options options = {})
      : model_(not_null(std::move(model), "Ivlp: the model")),
        options_(std::move(options)),
        phrase_(ContextPhrase::first_words(options_.init, options_.text_context)),
        classes_(std::move(classes)),
        prompt_(*model_, classes_, phrase_) {
    const Rng rng(options_.seed);
    const TowerSizes sizes = model_->towers();
    detail::check_depth(options_.text_depth, sizes.text_layers, "Ivlp: text_depth");
    detail::check_depth(options_.vision_depth, sizes.vision_layers, "Ivlp: vision_depth");
    context_ = parameter(initial_context(*model_, phrase_, rng));
    text_ = DeepPrompts(options_.text_depth, options_.text_context, sizes.text_width,
                        "text_encoder.transformer.resblocks.", ".VPT_shallow", rng);
    if (options_.vision_depth > 0) {
      vision_ = VisionPrompt(options_.vision_depth, options_.vision_context, sizes.vision_width, rng);
    }
  }

  void bind(ClassList classes) {
    prompt_ = ContextPrompt<ModelT>(*model_, classes, phrase_);
    classes_ = std::move(classes);
  }

  [[nodiscard]] const ClassList& classes() const { return classes_; }
  Output forward(const ImageBatch& images, const Candidates& candidates) {
    return compare(encode_image(images), encode_text(candidates), model_->logit_scale(), candidates);
  }

  /// **Shape** [H, D], unit rows; `raw_text`: not normalised.
  Tensor encode_text(const Candidates& candidates) { return unit_rows(raw_text(candidates)); }
  Tensor raw_text(const Candidates& candidates) {
    return model_->encode_text(prompt_.assemble(context_, candidates), text_.block_prompts());
  }

  /// **Shape** [B, D], unit rows; `raw_image`: not normalised.
  Tensor encode_image(const ImageBatch& images) { return unit_rows(raw_image(images)); }
  Tensor raw_image(const ImageBatch& images) { return prompted_image_features(*model_, images, vision_.prompts()); }

  /// IVLP adds no loss term.
  Tensor auxiliary_loss(const Output&, const Batch&) { return {}; }

  /// Context, then the image tower's prompts, then the text tower's, in the order of the reference.
  ParameterList parameters() {
    ParameterList all{{"prompt_learner.ctx", context_}};
    for (const ParameterList& part : {vision_.parameters(), text_.parameters()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }

  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("Ivlp", options_); }
  [[nodiscard]] ClassList learned_for() const { return {}; }
  [[nodiscard]] double logit_scale() const { return model_->logit_scale(); }
  [[nodiscard]] const ModelT& model() const { return *model_; }

 private:
  std::shared_ptr<const ModelT> model_;
  Options options_;
  ContextPhrase phrase_;
  ClassList classes_;
  ContextPrompt<ModelT> prompt_;
  OwnTensor context_;
  DeepPrompts text_;
  VisionPrompt vision_;
};

template <class ModelT>
Ivlp(std::shared_ptr<ModelT>, ClassList) -> Ivlp<std::remove_const_t<ModelT>>;
template <class ModelT>
Ivlp(std::shared_ptr<ModelT>, ClassList, IvlpOptions) -> Ivlp<std::remove_const_t<ModelT>>;

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class Ivlp<explain::NoModel> : public detail::RefusedMethod {
  using detail::RefusedMethod::RefusedMethod;
};
template <explain::NoPromptedModel P, class... Rest>
Ivlp(P, Rest...) -> Ivlp<explain::RefusedModel<P>>;

}  // namespace mao
