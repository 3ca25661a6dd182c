// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// MaPLe: multi-modal prompt learning (Khattak et al., arXiv 2210.03117).

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mao/backbones/concepts.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/backbones/detail/refused_method.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/own_tensor.hpp>
#include <mao/prompts/context.hpp>
#include <mao/prompts/deep.hpp>
#include <mao/prompts/linear.hpp>

namespace mao {

/// Settings of `Maple`.
struct MapleOptions {
  std::string init = "a photo of a";  ///< the first words start the context; empty: random, normal (0, 0.02)
  std::int64_t context = 2;           ///< n, vectors per layer in either tower
  std::int64_t depth = 9;  ///< J, layers with their own prompts, including the input (paper: 9; 3 across data sets)
  std::uint64_t seed = 1;  ///< of the random starts
  static constexpr const char* fields[] = {"init", "context", "depth", "seed"};
};

/// Learns deep text prompts; linear layers compute the image tower's prompts from them.
///
///   text:    [start] ctx of a name . [end]   before block i = 1 .. J - 1 the context becomes P_i
///   vision:  [class] patches f(ctx)          before block i = 1 .. J - 1 the last n tokens become f_i(P_i)
///
/// Trains `prompt_learner.ctx` [n, Wt], `.proj` (f: Wt -> Wv), `.compound_prompts_text.i` [n, Wt] and
/// `.compound_prompt_projections.i` (f_i+1), i = 0 .. J - 2; all f_i start with the same values. For ViT-B/16, n = 2:
/// 3,555,072 numbers with J = 9, 1,185,024 with J = 3. A tower with fewer than J blocks has one prompt per block.
///
/// **Differs** from the released code: prompts and layers are fp32 throughout (there `ctx` and `proj` are fp16), and
/// the towers may have any widths.
template <PromptedTowers ModelT>
class Maple {
 public:
  using Options = MapleOptions;

  /// **Throws** `OptionError` for a depth that neither tower has, `DataError` for a class name that is too long.
  explicit Maple(std::shared_ptr<const ModelT> model, ClassList classes, Options options = {})
      : model_(not_null(std::move(model), "Maple: the model")),
        options_(std::move(options)),
        phrase_(ContextPhrase::first_words(options_.init, options_.context)),
        classes_(std::move(classes)),
        prompt_(*model_, classes_, phrase_) {
    const Rng rng(options_.seed);
    const TowerSizes sizes = model_->towers();
    require<OptionError>(options_.depth >= 1, "Maple: depth = ", options_.depth,
                         "; at least 1, the input layer (the paper uses 9)");
    detail::check_depth(options_.depth, std::max(sizes.text_layers, sizes.vision_layers), "Maple: depth");
    context_ = parameter(initial_context(*model_, phrase_, rng));
    input_projection_ = Linear("prompt_learner.proj", sizes.text_width, sizes.vision_width, rng);
    for (std::int64_t layer = 0; layer + 1 < options_.depth; ++layer) {
      const std::string name = "prompt_learner.compound_prompts_text." + std::to_string(layer);
      deep_.push_back({name, parameter(normal_tensor({options_.context, sizes.text_width}, 0.02, rng[name]))});
      projections_.emplace_back("prompt_learner.compound_prompt_projections." + std::to_string(layer), sizes.text_width,
                                sizes.vision_width, rng);
      projections_.back().weight().detach().copy_(projections_.front().weight().detach());
      projections_.back().bias().detach().copy_(projections_.front().bias().detach());
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

  /// **Shape** [H, D], unit rows.
  Tensor encode_text(const Candidates& candidates) { return unit_rows(raw_text(candidates)); }
  /// **Shape** [B, D], unit rows.
  Tensor encode_image(const ImageBatch& images) { return unit_rows(raw_image(images)); }

  /// The features of the prompted text tower. **Shape** [H, D], not normalised.
  [[nodiscard]] Tensor raw_text(const Candidates& candidates) const {
    const std::size_t count = deep_in(model_->towers().text_layers);
    BlockPrompts blocks(count == 0 ? 0 : 1);
    for (std::size_t i = 0; i < count; ++i) blocks.push_back({.replacement = deep_[i].value, .attended = {}});
    return model_->encode_text(prompt_.assemble(context_, candidates), blocks);
  }

  /// The features of the prompted image tower. **Shape** [B, D], not normalised.
  [[nodiscard]] Tensor raw_image(const ImageBatch& images) const {
    const std::size_t count = deep_in(model_->towers().vision_layers);
    ImagePrompts prompts{.tokens = input_projection_(context_), .deep = BlockPrompts(count == 0 ? 0 : 1)};
    for (std::size_t i = 0; i < count; ++i) {
      prompts.deep.push_back({.replacement = projections_[i](deep_[i].value), .attended = {}});
    }
    return prompted_image_features(*model_, images, prompts);
  }

  /// MaPLe adds no loss term.
  Tensor auxiliary_loss(const Output&, const Batch&) { return {}; }

  /// In the order of the reference's modules.
  ParameterList parameters() {
    ParameterList all{{"prompt_learner.ctx", context_}};
    input_projection_.append_to(all);
    all.insert(all.end(), deep_.begin(), deep_.end());
    for (const Linear& projection : projections_) projection.append_to(all);
    return all;
  }

  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("Maple", options_); }
  [[nodiscard]] ClassList learned_for() const { return {}; }
  [[nodiscard]] double logit_scale() const { return model_->logit_scale(); }
  [[nodiscard]] const ModelT& model() const { return *model_; }

 private:
  /// The number of deep prompts that a tower of `layers` blocks uses.
  [[nodiscard]] std::size_t deep_in(std::int64_t layers) const {
    return std::min(deep_.size(), static_cast<std::size_t>(layers - 1));
  }

  std::shared_ptr<const ModelT> model_;
  Options options_;
  ContextPhrase phrase_;
  ClassList classes_;
  ContextPrompt<ModelT> prompt_;
  OwnTensor context_;
  Linear input_projection_;
  OwnParameters deep_;               // P_1 .. P_J-1, [n, Wt] each
  std::vector<Linear> projections_;  // f_1 .. f_J-1
};

template <class ModelT>
Maple(std::shared_ptr<ModelT>, ClassList) -> Maple<std::remove_const_t<ModelT>>;
template <class ModelT>
Maple(std::shared_ptr<ModelT>, ClassList, MapleOptions) -> Maple<std::remove_const_t<ModelT>>;

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class Maple<explain::NoModel> : public detail::RefusedMethod {
  using detail::RefusedMethod::RefusedMethod;
};
template <explain::NoPromptedModel P, class... Rest>
Maple(P, Rest...) -> Maple<explain::RefusedModel<P>>;

}  // namespace mao
