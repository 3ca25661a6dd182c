// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// ProDA: prompt distribution learning (Lu et al., CVPR 2022).

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <mao/backbones/concepts.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/backbones/detail/refused_method.hpp>
#include <mao/backbones/detail/pairwise_variance.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/own_tensor.hpp>
#include <mao/prompts/context.hpp>
#include <mao/prompts/nameless.hpp>

namespace mao {

/// Settings of `ProDa`.
struct ProDaOptions {
  std::int64_t prompts = 32;      ///< K: a quarter with the class name in front, a quarter with it in the middle
  std::int64_t context = 16;      ///< n, vectors of each
  std::int64_t step_prompts = 4;  ///< K_b, prompts of a training step; K is a multiple of it
  double orthogonality = 0.1;     ///< lambda
  bool unit_mean = false;         ///< normalise class vectors again; otherwise, they are means
  std::uint64_t seed = 1;         ///< of the random start and of which prompts form a step
  static constexpr const char* fields[] = {"prompts", "context", "step_prompts", "orthogonality", "unit_mean", "seed"};
};

/// Learns K prompts whose class features are treated as samples of a Gaussian. Tests use their mean as the class
/// vector; training minimises an upper bound of the expected cross entropy.
///
/// With unit features t_ck of class c under the K_b prompts of a step, m_c their mean, f the image and y its label, the
/// training logits are `z_j = s f.m_j + s^2/2 * sigma_j`, sigma_j the variance of f.(t_j - t_y) (`pairwise_variance`).
/// Added to the loss: `lambda * mean |cos(g_k, g_l)|` over pairs of prompts without a class name. Every prompt is in
/// one step of K / K_b, in random order.
///
/// Trains `prompt_learner.ctx` [K, n, Wt], normal (0, 0.02): 262,144 numbers for ViT-B/16, K = 32 and n = 16.
///
/// **Differs** nowhere on purpose, but the authors released no code: K, n, K_b and lambda are the paper's, as reported
/// by others.
template <VisionLanguageModel ModelT>
class ProDa {
 public:
  using Options = ProDaOptions;
  static constexpr bool frozen_image_tower = true;

  /// **Throws** `OptionError` for a setting out of range, `DataError` for a class name that is too long.
  explicit ProDa(std::shared_ptr<const ModelT> model, ClassList classes, Options options = {})
      : model_(not_null(std::move(model), "ProDa: the model")), options_(checked(options)) {
    bind(std::move(classes));
    const std::int64_t width = model_->embed(at::tensor(std::vector<std::int64_t>{0})).size(-1);
    contexts_ =
        parameter(normal_tensor({options_.prompts, options_.context, width}, 0.02, Rng(options_.seed)["contexts"]));
  }

  void bind(ClassList classes) {
    const ContextPhrase phrase = ContextPhrase::placeholders(options_.context);
    std::vector<ContextPrompt<ModelT>> layouts;
    for (const ClassPosition position : {ClassPosition::Front, ClassPosition::Middle, ClassPosition::End}) {
      layouts.emplace_back(*model_, classes, phrase, position);
    }
    layouts_ = std::move(layouts);
    classes_ = std::move(classes);
  }

  [[nodiscard]] const ClassList& classes() const { return classes_; }

  /// In training, over the prompts of this step; in an evaluation, over all of them. `text` has means of unit rows.
  Output forward(const ImageBatch& images, const Candidates& candidates) {
    if (!at::GradMode::is_enabled()) {
      return compare(encode_image(images), encode_text(candidates), model_->logit_scale(), candidates);
    }
    const std::vector<std::int64_t> chosen = prompts_of_step(steps_++);
    step_ = {.prompts = chosen, .features = features(chosen, candidates), .candidates = candidates};
    return compare(encode_image(images), step_.features.mean(0), model_->logit_scale(), candidates);
  }

  /// Mean of the unit features under all K prompts. **Shape** [H, D], unit rows only with `unit_mean`.
  Tensor encode_text(const Candidates& candidates) {
    std::vector<std::int64_t> all(static_cast<std::size_t>(options_.prompts));
    std::iota(all.begin(), all.end(), std::int64_t{0});
    const Tensor mean = features(all, candidates).mean(0);
    return options_.unit_mean ? unit_rows(mean) : mean;
  }

  /// **Shape** [B, D], unit rows, without gradient.
  Tensor encode_image(const ImageBatch& images) { return frozen_image_features(*model_, images); }

  /// The logits of the upper bound, for the output of the last training `forward` or some of its candidates.
  ///
  /// **Throws** `DataError` for images without a label among the candidates: soft labels are not enough.
  Tensor task_logits(const Output& output, const Batch& batch) {
    require<DataError>(batch.size() == static_cast<std::int64_t>(batch.labels.size()), "ProDA: ", batch.labels.size(),
                       " labels for ", batch.size(), " images; its training logits depend on the label of every image");
    const Tensor chosen = columns(output.candidates.ids, step_.candidates).to(step_.features.device());
    const Tensor text = step_.features.index_select(1, chosen);
    const double half_square = 0.5 * model_->logit_scale() * model_->logit_scale();
    const Tensor labels = columns(batch.labels, output.candidates);
    return output.logits + pairwise_variance(output.image, text, labels) * half_square;
  }

  /// The similarity of this step's prompts without a class name; undefined with one prompt per step or lambda 0.
  Tensor auxiliary_loss(const Output&, const Batch&) {
    const auto count = static_cast<std::int64_t>(step_.prompts.size());
    if (count < 2 || options_.orthogonality == 0) return {};
    const Tensor chosen = at::tensor(step_.prompts).to(contexts_.device());
    const TextBatch without_name = nameless_prompts(*model_, contexts_.index_select(0, chosen));
    const Tensor nameless = unit_rows(model_->encode_text(without_name));
    const Tensor cosines = at::matmul(nameless, nameless.t()).abs();
    return (cosines.sum() - cosines.trace()) * (options_.orthogonality / static_cast<double>(count * (count - 1)));
  }

  ParameterList parameters() { return {{"prompt_learner.ctx", contexts_}}; }

  /// The number of steps, so that a resumed run continues with the next prompts.
  [[nodiscard]] TensorMap buffers() const { return {{"prompt_learner.steps", at::scalar_tensor(steps_, at::kLong)}}; }

  /// **Throws** `ShapeError` if the state belongs to another method.
  void set_buffers(const TensorMap& buffers) {
    const auto steps = buffers.find("prompt_learner.steps");
    require<ShapeError>(steps != buffers.end(), "ProDA: the saved state has no prompt_learner.steps");
    steps_ = steps->second.template item<std::int64_t>();
  }

  /// The prompts of training step `step`, counted from 0.
  [[nodiscard]] std::vector<std::int64_t> prompts_of_step(std::int64_t step) const {
    const std::int64_t steps = options_.prompts / options_.step_prompts;
    std::vector<std::int64_t> order(static_cast<std::size_t>(options_.prompts));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    Rng(options_.seed)["order"][static_cast<std::uint64_t>(step / steps)].shuffle(order);
    const auto first = order.begin() + step % steps * options_.step_prompts;
    return {first, first + options_.step_prompts};
  }

  /// The position of the class name in prompt `k`.
  [[nodiscard]] ClassPosition position(std::int64_t k) const {
    if (k < options_.prompts / 4) return ClassPosition::Front;
    return k < options_.prompts / 2 ? ClassPosition::Middle : ClassPosition::End;
  }

  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("ProDa", options_); }
  [[nodiscard]] ClassList learned_for() const { return {}; }
  [[nodiscard]] double logit_scale() const { return model_->logit_scale(); }
  [[nodiscard]] const ModelT& model() const { return *model_; }

 private:
  /// Results of the training pass that `task_logits` and `auxiliary_loss` need.
  struct Step {
    std::vector<std::int64_t> prompts;
    Tensor features;  // [K_b, H, D], unit rows
    Candidates candidates;
  };

  static Options checked(const Options& options) {
    require<OptionError>(options.context > 0, "ProDA: a context of ", options.context,
                         " vectors; at least 1 is needed (the paper uses 16)");
    require<OptionError>(options.step_prompts > 0 && options.prompts > 0 && options.prompts % options.step_prompts == 0,
                         "ProDA: ", options.prompts, " prompts, ", options.step_prompts,
                         " a step; the number of prompts must be a multiple of those of a step (the paper: 32 and 4)");
    require<OptionError>(options.orthogonality >= 0, "ProDA: orthogonality = ", options.orthogonality,
                         ", expected 0 or more (the paper: 0.1)");
    return options;
  }

  /// **Shape** [prompts, H, D], unit rows.
  [[nodiscard]] Tensor features(const std::vector<std::int64_t>& prompts, const Candidates& candidates) const {
    std::vector<Tensor> all;
    all.reserve(prompts.size());
    for (const std::int64_t k : prompts) {
      const std::size_t layout = position(k) == ClassPosition::Front ? 0 : position(k) == ClassPosition::Middle ? 1 : 2;
      all.push_back(unit_rows(model_->encode_text(layouts_[layout].assemble(contexts_.select(0, k), candidates))));
    }
    return at::stack(all);
  }

  /// The column of each class. **Throws** `DataError` for one that is not a candidate.
  static Tensor columns(const std::vector<std::int64_t>& classes, const Candidates& candidates) {
    std::vector<std::int64_t> result;
    for (const std::int64_t id : classes) {
      const auto found = std::find(candidates.ids.begin(), candidates.ids.end(), id);
      require<DataError>(found != candidates.ids.end(), "ProDA: class ", id, " is not among the ", candidates.size(),
                         " candidates of this step");
      result.push_back(found - candidates.ids.begin());
    }
    return at::tensor(result);
  }

  std::shared_ptr<const ModelT> model_;
  Options options_;
  ClassList classes_;
  std::vector<ContextPrompt<ModelT>> layouts_;  // front, middle, end
  OwnTensor contexts_;                          // [K, n, W]
  Step step_;
  std::int64_t steps_ = 0;
};

template <class ModelT>
ProDa(std::shared_ptr<ModelT>, ClassList, ProDaOptions = {}) -> ProDa<std::remove_const_t<ModelT>>;

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class ProDa<explain::NoModel> : public detail::RefusedMethod {
  using detail::RefusedMethod::RefusedMethod;
};
template <explain::NoTextModel P, class... Rest>
ProDa(P, Rest...) -> ProDa<explain::RefusedModel<P>>;

}  // namespace mao
