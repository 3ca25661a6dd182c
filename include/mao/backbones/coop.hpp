// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CoOp: context optimisation (Zhou et al., arXiv 2109.01134).

#include <memory>
#include <string>
#include <utility>

#include <mao/backbones/concepts.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/backbones/detail/refused_method.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/own_tensor.hpp>
#include <mao/prompts/context.hpp>

namespace mao {

/// Learns the context of the text prompt; everything else is frozen.
///
/// Trains `prompt_learner.ctx`: [n, W], or [C, n, W] when class-specific.
template <VisionLanguageModel ModelT>
class Coop {
 public:
  struct Options {
    std::string init = "a photo of a";  ///< start from these words; empty: random, normal(0, 0.02)
    std::int64_t context = 4;           ///< n, when random
    bool class_specific = false;        ///< one context per class; needs a random start, so `init` is empty
    ClassPosition position = ClassPosition::End;
    std::uint64_t seed = 1;  ///< of the random start
    static constexpr const char* fields[] = {"init", "context", "class_specific", "position", "seed"};
  };
  static constexpr bool frozen_image_tower = true;

  /// **Throws** `OptionError` for a context of no vectors, and for a class-specific one that starts from words (CoOp
  /// would silently learn a shared one); `DataError` for a class name that is too long.
  explicit Coop(std::shared_ptr<const ModelT> model, ClassList classes, Options options = {})
      : Coop(std::move(model), std::move(classes), ContextPhrase::start(options.init, options.context), options) {
    own_phrase_ = false;
  }

  /// With your own phrase; `init` and `context` then have no effect.
  Coop(std::shared_ptr<const ModelT> model, ClassList classes, ContextPhrase phrase, Options options)
      : model_(not_null(std::move(model), "Coop: the model")),
        options_(std::move(options)),
        phrase_(std::move(phrase)),
        classes_(std::move(classes)),
        prompt_(*model_, classes_, phrase_, options_.position),
        context_(parameter(initial())) {}

  /// **Throws** `OptionError` if the context is class-specific and the classes change: such prompts do not transfer.
  void bind(ClassList classes) {
    require<OptionError>(context_.dim() == 2 || classes == classes_,
                         "Coop: class-specific context vectors belong to the ", classes_.size(),
                         " classes they were learned for and cannot be bound to others; use a shared context");
    prompt_ = ContextPrompt<ModelT>(*model_, classes, phrase_, options_.position);
    classes_ = std::move(classes);
  }

  [[nodiscard]] const ClassList& classes() const { return classes_; }
  Output forward(const ImageBatch& images, const Candidates& candidates) {
    return compare(encode_image(images), encode_text(candidates), model_->logit_scale(), candidates);
  }

  /// **Shape** [H, D], unit rows; `raw_text`: not normalised.
  Tensor encode_text(const Candidates& candidates) { return unit_rows(raw_text(candidates)); }
  Tensor raw_text(const Candidates& candidates) { return model_->encode_text(prompt_.assemble(context_, candidates)); }

  /// **Shape** [B, D], unit rows, without gradient; `raw_image`: not normalised.
  Tensor encode_image(const ImageBatch& images) { return frozen_image_features(*model_, images); }
  Tensor raw_image(const ImageBatch& images) { return raw_frozen_image_features(*model_, images); }

  /// CoOp adds no loss term.
  Tensor auxiliary_loss(const Output&, const Batch&) { return {}; }
  ParameterList parameters() { return {{"prompt_learner.ctx", context_}}; }
  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const {
    const Description all = described("Coop", options_);
    return own_phrase_ ? all.with("phrase", phrase_) : all;
  }
  [[nodiscard]] ClassList learned_for() const { return context_.dim() == 3 ? classes_ : ClassList{}; }
  [[nodiscard]] double logit_scale() const { return model_->logit_scale(); }
  [[nodiscard]] const ModelT& model() const { return *model_; }

 private:
  [[nodiscard]] Tensor initial() const {
    const Rng rng(options_.seed);
    require<OptionError>(!options_.class_specific || phrase_.random(), "class_specific = true with the start \"",
                         phrase_.prefix,
                         "\": contexts of their own start at random, one that starts from words is "
                         "shared by all classes; set init = \"\" and context = ",
                         phrase_.length, ", or class_specific = false");
    if (!options_.class_specific) return initial_context(*model_, phrase_, rng);
    return normal_tensor({classes_.size(), phrase_.length, text_width(*model_)}, 0.02, rng["context"]);
  }

  std::shared_ptr<const ModelT> model_;
  Options options_;
  ContextPhrase phrase_;
  bool own_phrase_ = true;
  ClassList classes_;
  ContextPrompt<ModelT> prompt_;
  OwnTensor context_;
};

template <class ModelT>
Coop(std::shared_ptr<ModelT>, ClassList, typename Coop<std::remove_const_t<ModelT>>::Options = {})
    -> Coop<std::remove_const_t<ModelT>>;

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class Coop<explain::NoModel> : public detail::RefusedMethod {
  using detail::RefusedMethod::RefusedMethod;
};
template <explain::NoTextModel P, class... Rest>
Coop(P, Rest...) -> Coop<explain::RefusedModel<P>>;

}  // namespace mao
