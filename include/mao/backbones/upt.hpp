// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// UPT: unified vision and language prompt learning (Zang et al., arXiv 2210.07225).

#include <memory>
#include <string>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/scalar_tensor.h>

#include <mao/backbones/concepts.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/backbones/detail/refused_method.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/own_tensor.hpp>
#include <mao/prompts/context.hpp>
#include <mao/prompts/mixing_block.hpp>

namespace mao {

/// Settings of `Upt`.
struct UptOptions {
  std::int64_t context = 4;  ///< n: vectors for each tower
  bool mix_prompts = true;   ///< the prompts of both towers see each other (paper); false: each only itself (release)
  double dropout = 0.1;      ///< in the block, only in training
  std::uint64_t seed = 1;    ///< of the random start and of dropout
  static constexpr const char* fields[] = {"context", "mix_prompts", "dropout", "seed"};
};

/// One set of vectors `U` passes through a small transformer block and becomes the prompt of both towers.
///
/// `P = block(U)` (see `MixingBlock`). The first n rows of P are CoOp's context before the class name; the last n are
/// mapped linearly to the image tower's width and added next to the patches at its input. There is only the task loss.
///
/// Trains `prompt_learner.uni_ctx` [1, 2n, Wt], the block, and `prompt_learner.mlp` (Wt -> Wv): for ViT-B/16 and n = 4
/// that is 4,096 + (6 * 512^2 + 6 * 512 biases) + 2 layer norms of 1,024 + 393,984 = 1,976,064 numbers.
///
/// **Differs** from the release in one default: its attention runs over the wrong axis, so every prompt sees only
/// itself; `mix_prompts = false` does the same. As there, the two towers draw dropout separately.
template <PromptedTowers ModelT>
class Upt {
 public:
  using Options = UptOptions;

  /// **Throws** `OptionError` for no vectors or a dropout outside [0, 1), `DataError` for a class name that is too
  /// long.
  explicit Upt(std::shared_ptr<const ModelT> model, ClassList classes, Options options = {})
      : model_(not_null(std::move(model), "Upt: the model")),
        options_(options),
        phrase_(ContextPhrase::first_words("", options.context)),
        classes_(std::move(classes)),
        prompt_(*model_, classes_, phrase_) {
    const Rng rng(options_.seed);
    const TowerSizes sizes = model_->towers();
    vectors_ = parameter(normal_tensor({1, 2 * options_.context, sizes.text_width}, 0.02, rng["uni_ctx"]));
    block_ = MixingBlock("prompt_learner.", sizes.text_width, options_.dropout, rng);
    into_vision_ = Linear("prompt_learner.mlp", sizes.text_width, sizes.vision_width, rng);
  }

  void bind(ClassList classes) {
    prompt_ = ContextPrompt<ModelT>(*model_, classes, phrase_);
    classes_ = std::move(classes);
  }

  [[nodiscard]] const ClassList& classes() const { return classes_; }
  Output forward(const ImageBatch& images, const Candidates& candidates) {
    Output output = compare(encode_image(images), encode_text(candidates), model_->logit_scale(), candidates);
    if (at::GradMode::is_enabled()) ++steps_;
    return output;
  }

  /// **Shape** [H, D], unit rows; `raw_text`: not normalised.
  Tensor encode_text(const Candidates& candidates) { return unit_rows(raw_text(candidates)); }
  Tensor raw_text(const Candidates& candidates) {
    const Tensor context = prompts("text").narrow(0, 0, options_.context);
    return model_->encode_text(prompt_.assemble(context, candidates));
  }

  /// **Shape** [B, D], unit rows; `raw_image`: not normalised.
  Tensor encode_image(const ImageBatch& images) { return unit_rows(raw_image(images)); }
  Tensor raw_image(const ImageBatch& images) {
    const Tensor tokens = into_vision_(prompts("vision").narrow(0, options_.context, options_.context));
    return prompted_image_features(*model_, images, {.tokens = tokens, .deep = {}});
  }

  /// UPT adds no loss term.
  Tensor auxiliary_loss(const Output&, const Batch&) { return {}; }

  ParameterList parameters() {
    ParameterList all{{"prompt_learner.uni_ctx", vectors_}};
    block_.append_to(all);
    into_vision_.append_to(all);
    return all;
  }

  /// The number of training passes that drew dropout, so that a resumed run draws the same as an uninterrupted one.
  [[nodiscard]] TensorMap buffers() const { return {{"prompt_learner.steps", at::scalar_tensor(steps_, at::kLong)}}; }

  /// **Throws** `ShapeError` if the state belongs to another method.
  void set_buffers(const TensorMap& buffers) {
    const auto steps = buffers.find("prompt_learner.steps");
    require<ShapeError>(steps != buffers.end(), "Upt: the saved state has no prompt_learner.steps");
    steps_ = steps->second.template item<std::int64_t>();
  }

  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("Upt", options_); }
  [[nodiscard]] ClassList learned_for() const { return {}; }
  [[nodiscard]] double logit_scale() const { return model_->logit_scale(); }
  [[nodiscard]] const ModelT& model() const { return *model_; }

 private:
  /// The vectors after the block. **Shape** [2n, Wt].
  [[nodiscard]] Tensor prompts(std::string_view tower) const {
    const Rng rng = Rng(options_.seed)["dropout"][static_cast<std::uint64_t>(steps_)][tower];
    return block_(vectors_.squeeze(0), options_.mix_prompts, rng);
  }

  std::shared_ptr<const ModelT> model_;
  Options options_;
  ContextPhrase phrase_;
  ClassList classes_;
  ContextPrompt<ModelT> prompt_;
  OwnTensor vectors_;  // [1, 2n, Wt]
  MixingBlock block_;
  Linear into_vision_;
  std::int64_t steps_ = 0;
};

template <class ModelT>
Upt(std::shared_ptr<ModelT>, ClassList, UptOptions = {}) -> Upt<std::remove_const_t<ModelT>>;

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class Upt<explain::NoModel> : public detail::RefusedMethod {
  using detail::RefusedMethod::RefusedMethod;
};
template <explain::NoPromptedModel P, class... Rest>
Upt(P, Rest...) -> Upt<explain::RefusedModel<P>>;

}  // namespace mao
