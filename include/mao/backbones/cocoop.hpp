// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CoCoOp: conditional context optimisation (Zhou, Yang, Loy, Liu, CVPR 2022, arXiv 2203.05557).

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/scalar_tensor.h>

#include <mao/backbones/concepts.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/backbones/detail/refused_method.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/own_tensor.hpp>
#include <mao/prompts/context.hpp>
#include <mao/prompts/linear.hpp>
#include <mao/prompts/templates.hpp>

namespace mao {

/// Settings of `CoCoop`.
struct CoCoopOptions {
  std::string init = "a photo of a";  ///< start from these words; empty: random, normal (0, 0.02)
  std::int64_t context = 4;           ///< n, when random
  std::int64_t hidden = 0;            ///< width of the meta-net; 0: a sixteenth of the embedding, as in the paper
  std::int64_t rows = 1024;           ///< prompts that an evaluation encodes at a time; limits its memory
  std::uint64_t seed = 1;             ///< of the random starts
  static constexpr const char* fields[] = {"init", "context", "hidden", "rows", "seed"};
};

/// CoOp whose context depends on the image: ctx_i = ctx + meta_net(f_i), where f_i is the normalised image feature and
/// meta_net is Linear, ReLU, Linear with one output vector for all n places.
///
/// Every image has its own prompts, so a step encodes B * H prompts and an evaluation B * C; nothing can be reused
/// between images. A step over only the candidates (MAO's base stage) therefore saves more.
///
/// Trains `prompt_learner.ctx` [n, W], `prompt_learner.meta_net.linear1` [D / 16, D] and `linear2` [W, D / 16] with
/// their biases: 35,360 numbers for ViT-B/16 with 4 vectors. The paper uses batches of one image; here, any size works.
template <VisionLanguageModel ModelT>
class CoCoop {
 public:
  using Options = CoCoopOptions;
  static constexpr bool frozen_image_tower = true;

  /// **Throws** `OptionError` for a setting out of range, `DataError` for a class name that is too long.
  explicit CoCoop(std::shared_ptr<const ModelT> model, ClassList classes, Options options = {})
      : model_(not_null(std::move(model), "CoCoop: the model")),
        options_(std::move(options)),
        phrase_(ContextPhrase::start(options_.init, options_.context)),
        classes_(std::move(classes)),
        prompt_(*model_, classes_, phrase_) {
    require<OptionError>(options_.rows > 0, "CoCoop: rows = ", options_.rows, ", expected at least 1");
    require<OptionError>(options_.hidden >= 0, "CoCoop: hidden = ", options_.hidden,
                         ", expected a width, or 0 for a sixteenth of the embedding");
    const Rng rng(options_.seed);
    const std::int64_t embedding = sentence_features(*model_, {"a"}).size(1);
    const std::int64_t hidden = options_.hidden > 0 ? options_.hidden : std::max<std::int64_t>(1, embedding / 16);
    context_ = parameter(initial_context(*model_, phrase_, rng));
    first_ = Linear("prompt_learner.meta_net.linear1", embedding, hidden, rng);
    second_ = Linear("prompt_learner.meta_net.linear2", hidden, context_.size(1), rng);
  }

  void bind(ClassList classes) {
    prompt_ = ContextPrompt<ModelT>(*model_, classes, phrase_);
    classes_ = std::move(classes);
  }

  [[nodiscard]] const ClassList& classes() const { return classes_; }

  /// **Shapes** `text` [B, H, D], `logits` [B, H].
  Output forward(const ImageBatch& images, const Candidates& candidates) {
    Output output;
    output.image = frozen_image_features(*model_, images);
    output.text = text_of(output.image, candidates);
    output.scale = at::scalar_tensor(model_->logit_scale(), output.image.options());
    output.logits = at::matmul(output.text, output.image.unsqueeze(2)).squeeze(2) * model_->logit_scale();
    output.candidates = candidates;
    return output;
  }

  /// CoCoOp adds no loss term.
  Tensor auxiliary_loss(const Output&, const Batch&) { return {}; }

  ParameterList parameters() {
    ParameterList all{{"prompt_learner.ctx", context_}};
    first_.append_to(all);
    second_.append_to(all);
    return all;
  }

  /// Name and settings; training resumes only if they are the same. `rows` does not affect results.
  [[nodiscard]] Description describe() const { return described("CoCoop", options_).without("rows"); }
  [[nodiscard]] ClassList learned_for() const { return {}; }
  [[nodiscard]] double logit_scale() const { return model_->logit_scale(); }
  [[nodiscard]] const ModelT& model() const { return *model_; }

 private:
  /// The context of each image. **Shapes** [B, D] -> [B, n, W].
  [[nodiscard]] Tensor contexts(const Tensor& image) const {
    return context_.unsqueeze(0) + second_(at::relu(first_(image))).unsqueeze(1);
  }

  /// Class features of each image; an evaluation encodes a few images at a time. **Shape** [B, H, D], unit rows.
  [[nodiscard]] Tensor text_of(const Tensor& image, const Candidates& candidates) const {
    const std::int64_t images = image.size(0), classes = candidates.size();
    const std::int64_t step =
        at::GradMode::is_enabled() ? images : std::clamp<std::int64_t>(options_.rows / classes, 1, images);
    std::vector<Tensor> parts;
    for (std::int64_t begin = 0; begin < images; begin += step) {
      const Tensor own = contexts(image.narrow(0, begin, std::min(step, images - begin)));
      const Tensor features = model_->encode_text(prompt_.assemble_each(own, candidates));
      parts.push_back(unit_rows(features).view({own.size(0), classes, -1}));
    }
    return parts.size() == 1 ? parts.front() : at::cat(parts);
  }

  std::shared_ptr<const ModelT> model_;
  Options options_;
  ContextPhrase phrase_;
  ClassList classes_;
  ContextPrompt<ModelT> prompt_;
  OwnTensor context_;
  Linear first_, second_;
};

template <class ModelT>
CoCoop(std::shared_ptr<ModelT>, ClassList, CoCoopOptions = {}) -> CoCoop<std::remove_const_t<ModelT>>;

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class CoCoop<explain::NoModel> : public detail::RefusedMethod {
  using detail::RefusedMethod::RefusedMethod;
};
template <explain::NoTextModel P, class... Rest>
CoCoop(P, Rest...) -> CoCoop<explain::RefusedModel<P>>;

}  // namespace mao
