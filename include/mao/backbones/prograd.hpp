// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// ProGrad: prompt-aligned gradient (Zhu, Niu, Han, Wu, Zhang, ICCV 2023, arXiv 2205.14865).

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/log_softmax.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include <mao/backbones/detail/refused_method.hpp>
#include <mao/backbones/detail/taught_context.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao {

/// Settings of `ProGrad`.
struct ProGradOptions {
  std::string init = "a photo of a";  ///< start from these words; empty: random, normal (0, 0.02)
  std::int64_t context = 4;           ///< n, when random or padded
  bool padded = false;                ///< the words in the last of `context` vectors, zeros before them, as released
  bool class_specific = false;        ///< one context per class; needs a random start, so `init` is empty
  std::vector<std::string> templates{"a photo of a {}."};  ///< the teacher's; the paper uses one for each data set
  double temperature = 1;                                  ///< T
  double lambda = 1;       ///< share of the conflicting part that is removed (0.8 on Flowers, DTD and EuroSAT)
  std::uint64_t seed = 1;  ///< of the random start
  static constexpr const char* fields[] = {"init",      "context",     "padded", "class_specific",
                                           "templates", "temperature", "lambda", "seed"};
};

/// `task` without the part that points against `teacher`: task - lambda <task, teacher> / |teacher|^2 teacher if the
/// two disagree, otherwise `task`. **Shape** any, the same for both.
Tensor aligned_gradient(const Tensor& task, const Tensor& teacher, double lambda);

/// CoOp whose steps do not contradict the frozen model.
///
/// The teacher's loss is L_b = -T^2 mean_b sum_c softmax(z0 / T)_c log softmax(z / T)_c over all classes, with z0 the
/// logits of the frozen model with `templates` on the same images. It only gives a direction: each
/// parameter moves along `aligned_gradient` of the task's gradient and L_b's, and the reported loss is the task loss.
///
/// Trains `prompt_learner.ctx` [n, W], as CoOp: 2,048 numbers for ViT-B/16 with 4 vectors, 8,192 with 16.
///
/// **Differs** from the released code, which divides by the length of L_b's gradient even if it is 0: here, a teacher
/// without a gradient does not change the task's gradient.
template <VisionLanguageModel ModelT>
class ProGrad : public detail::TaughtContext<ModelT> {
 public:
  using Options = ProGradOptions;

  /// **Throws** `OptionError` for a setting out of range, `DataError` for a class name that is too long.
  explicit ProGrad(std::shared_ptr<const ModelT> model, ClassList classes, Options options = {})
      : detail::TaughtContext<ModelT>(
            not_null(std::move(model), "ProGrad: the model"), std::move(classes), phrase_of(options),
            {.class_specific = options.class_specific, .seed = options.seed}, options.templates),
        options_(std::move(options)) {
    require<OptionError>(options_.temperature > 0, "ProGrad: temperature = ", options_.temperature,
                         ", expected more than 0 (the paper uses 1)");
    require<OptionError>(options_.lambda >= 0, "ProGrad: lambda = ", options_.lambda,
                         ", expected 0 or more (the paper uses 1 or 0.8)");
  }

  /// z0, of the frozen model on the same images. **Shape** [B, C], the classes of `full`.
  [[nodiscard]] Tensor teacher_logits(const Output& full) const {
    return at::matmul(full.image, class_rows(this->teacher(), full.candidates).t()) * full.scale;
  }

  /// L_b.
  Tensor auxiliary_loss(const Output& full, const Batch&) {
    const double t = options_.temperature;
    const Tensor wanted = at::softmax(teacher_logits(full) / t, 1), actual = at::log_softmax(full.logits / t, 1);
    return (wanted * actual).sum(1).mean() * (-t * t);
  }

  /// L_b is not part of the loss.
  Tensor total_loss(const Tensor& task, const Tensor&) { return task; }

  /// Two backward passes through one graph; the result is the aligned gradients.
  void combine(const Tensor& task, const Tensor& auxiliary) {
    const std::vector<Tensor> teacher = gradients_of(auxiliary, /*keep_graph=*/true), own = gradients_of(task, false);
    ParameterList all = this->parameters();
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool both = own[i].defined() && teacher[i].defined();
      all[i].value.mutable_grad() = both ? aligned_gradient(own[i], teacher[i], options_.lambda) : own[i];
    }
  }

  /// The gradient of each parameter; earlier gradients are lost.
  std::vector<Tensor> gradients_of(const Tensor& loss, bool keep_graph) {
    ParameterList all = this->parameters();
    for (Parameter& parameter : all) parameter.value.mutable_grad() = Tensor();
    loss.backward({}, keep_graph);
    std::vector<Tensor> gradients;
    for (Parameter& parameter : all) gradients.push_back(std::exchange(parameter.value.mutable_grad(), Tensor()));
    return gradients;
  }

  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("ProGrad", options_); }

 private:
  static ContextPhrase phrase_of(const Options& options) {
    if (options.padded && !options.init.empty()) return ContextPhrase::last_words(options.init, options.context);
    return ContextPhrase::start(options.init, options.context);
  }

  Options options_;
};

template <class ModelT>
ProGrad(std::shared_ptr<ModelT>, ClassList, ProGradOptions = {}) -> ProGrad<std::remove_const_t<ModelT>>;

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class ProGrad<explain::NoModel> : public detail::RefusedMethod {
  using detail::RefusedMethod::RefusedMethod;
};
template <explain::NoTextModel P, class... Rest>
ProGrad(P, Rest...) -> ProGrad<explain::RefusedModel<P>>;

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/backbones/impl/prograd.ipp>
#endif
