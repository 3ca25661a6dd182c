// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// TCP: textual-based class-aware prompt tuning (Yao, Zhang, Xu, CVPR 2024, arXiv 2311.18231).

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mao/backbones/concepts.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/backbones/detail/refused_method.hpp>
#include <mao/backbones/detail/distances.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/own_tensor.hpp>
#include <mao/models/block.hpp>
#include <mao/prompts/class_features.hpp>
#include <mao/prompts/context.hpp>
#include <mao/prompts/linear.hpp>

namespace mao {

/// Settings of `Tcp`.
struct TcpOptions {
  std::string init{};                   ///< start from these words; empty: random, normal (0, 0.02), as released
  std::int64_t context = 4;             ///< n, when random
  std::string suffix_template = "{}.";  ///< what follows the context; the paper adds the kind: "{}, a type of pet."
  std::vector<std::string> templates{"a photo of a {}."};  ///< the teacher's; the paper uses one for each data set
  std::int64_t block = 8;   ///< the class prompts are inserted before this block of the text tower, counted from 0
  double weight = 8;        ///< of the distance to the teacher
  std::int64_t hidden = 0;  ///< width of the class-aware net; 0: a quarter of the embedding, as in the paper
  std::uint64_t seed = 1;   ///< of the random starts
  static constexpr const char* fields[] = {"init",  "context", "suffix_template", "templates",
                                           "block", "weight",  "hidden",          "seed"};
};

/// Class-specific prompts, computed from the class vectors of the frozen model.
///
/// The text prompt is `[start] ctx name suffix [end]`. Before block `block` the n places of the context are replaced by
/// P_c = net(t0_c), where net is Linear, QuickGELU, Linear and t0_c the teacher's unit vector of class c; so ctx has an
/// effect only through the blocks before it. Loss: task + weight * (1 - mean over all bound classes of cos(t_c, t0_c)).
///
/// Trains `prompt_learner.ctx` [n, W], `prompt_learner.meta_net.linear1` [D / 4, D] and `linear2` [n W, D / 4] with
/// their biases: 331,904 numbers for ViT-B/16. Class features depend only on the class: an evaluation encodes them
/// once.
///
/// The release trains with Adam (`TunerOptions::optimizer`), whose epsilon is 1e-3 there because its prompts are fp16;
/// here they are fp32, so 1e-8 is enough.
template <PromptedTowers ModelT>
class Tcp {
 public:
  using Options = TcpOptions;
  static constexpr bool frozen_image_tower = true;
  static constexpr bool needs_all_classes = true;

  /// **Throws** `OptionError` for a setting out of range, `DataError` for a class name that is too long.
  explicit Tcp(std::shared_ptr<const ModelT> model, ClassList classes, Options options = {})
      : model_(not_null(std::move(model), "Tcp: the model")),
        options_(std::move(options)),
        phrase_(ContextPhrase::start(options_.init, options_.context)),
        classes_(std::move(classes)),
        prompt_(prompt_of(classes_)) {
    check();
    teacher_ = frozen_class_features(*model_, classes_, options_.templates);
    const Rng rng(options_.seed);
    const std::int64_t embedding = teacher_.size(1), width = model_->towers().text_width;
    const std::int64_t hidden = options_.hidden > 0 ? options_.hidden : std::max<std::int64_t>(1, embedding / 4);
    context_ = parameter(initial_context(*model_, phrase_, rng));
    first_ = Linear("prompt_learner.meta_net.linear1", embedding, hidden, rng);
    second_ = Linear("prompt_learner.meta_net.linear2", hidden, phrase_.length * width, rng);
  }

  /// Encodes the teacher's vectors of the new classes, once; the class prompts follow from them.
  void bind(ClassList classes) {
    ContextPrompt<ModelT> prompt = prompt_of(classes);
    teacher_ = frozen_class_features(*model_, classes, options_.templates);
    prompt_ = std::move(prompt);
    classes_ = std::move(classes);
  }

  [[nodiscard]] const ClassList& classes() const { return classes_; }
  Output forward(const ImageBatch& images, const Candidates& candidates) {
    return compare(encode_image(images), encode_text(candidates), model_->logit_scale(), candidates);
  }

  /// **Shape** [H, D], unit rows; `raw_text`: not normalised.
  Tensor encode_text(const Candidates& candidates) { return unit_rows(raw_text(candidates)); }
  Tensor raw_text(const Candidates& candidates) {
    BlockPrompts prompts(static_cast<std::size_t>(options_.block) + 1);
    prompts.back().replacement = class_prompts(candidates);
    return model_->encode_text(prompt_.assemble(context_, candidates), prompts);
  }

  /// **Shape** [B, D], unit rows, without gradient; `raw_image`: not normalised.
  Tensor encode_image(const ImageBatch& images) { return frozen_image_features(*model_, images); }
  Tensor raw_image(const ImageBatch& images) { return raw_frozen_image_features(*model_, images); }

  /// The weighted distance to the teacher, over all classes.
  Tensor auxiliary_loss(const Output& full, const Batch&) {
    return feature_cosine(full.text, teacher_of(full.candidates)) * options_.weight;
  }

  ParameterList parameters() {
    ParameterList all{{"prompt_learner.ctx", context_}};
    first_.append_to(all);
    second_.append_to(all);
    return all;
  }

  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("Tcp", options_); }
  [[nodiscard]] ClassList learned_for() const { return {}; }
  [[nodiscard]] double logit_scale() const { return model_->logit_scale(); }
  [[nodiscard]] const ModelT& model() const { return *model_; }

  /// The class vectors of the frozen model. **Shape** [C, D], unit rows.
  [[nodiscard]] const Tensor& teacher() const { return teacher_; }

  /// P_c of each candidate. **Shape** [H, n, W].
  [[nodiscard]] Tensor class_prompts(const Candidates& candidates) const {
    const Tensor hidden = detail::activate(first_(teacher_of(candidates)), Activation::QuickGelu);
    return second_(hidden).view({candidates.size(), phrase_.length, -1});
  }

 private:
  void check() const {
    const std::int64_t layers = model_->towers().text_layers;
    require<OptionError>(options_.block >= 1 && options_.block < layers, "Tcp: block = ", options_.block,
                         ", the text tower has blocks 0 to ", layers - 1, "; choose 1 to ", layers - 1,
                         " (at 0 the learned context would be overwritten unseen)");
    require<OptionError>(options_.weight >= 0, "Tcp: weight = ", options_.weight,
                         ", expected 0 or more (the paper's code uses 8)");
    require<OptionError>(options_.hidden >= 0, "Tcp: hidden = ", options_.hidden,
                         ", expected a width, or 0 for a quarter of the embedding");
  }

  [[nodiscard]] ContextPrompt<ModelT> prompt_of(const ClassList& classes) const {
    return ContextPrompt<ModelT>(*model_, classes, phrase_, ClassPosition::End, options_.suffix_template);
  }

  [[nodiscard]] Tensor teacher_of(const Candidates& candidates) const { return class_rows(teacher_, candidates); }

  std::shared_ptr<const ModelT> model_;
  Options options_;
  ContextPhrase phrase_;
  ClassList classes_;
  ContextPrompt<ModelT> prompt_;
  Tensor teacher_;
  OwnTensor context_;
  Linear first_, second_;
};

template <class ModelT>
Tcp(std::shared_ptr<ModelT>, ClassList, TcpOptions = {}) -> Tcp<std::remove_const_t<ModelT>>;

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class Tcp<explain::NoModel> : public detail::RefusedMethod {
  using detail::RefusedMethod::RefusedMethod;
};
template <explain::NoPromptedModel P, class... Rest>
Tcp(P, Rest...) -> Tcp<explain::RefusedModel<P>>;

}  // namespace mao
