// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// KgCoOp: knowledge-guided context optimisation (Yao, Zhang, Xu, CVPR 2023, arXiv 2303.13283).

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mao/backbones/detail/distances.hpp>
#include <mao/backbones/detail/refused_method.hpp>
#include <mao/backbones/detail/taught_context.hpp>
#include <mao/core/describe.hpp>

namespace mao {

/// Settings of `KgCoop`.
struct KgCoopOptions {
  std::string init = "a photo of a";                       ///< start from these words; empty: random, normal (0, 0.02)
  std::int64_t context = 4;                                ///< n, when random
  std::vector<std::string> templates{"a photo of a {}."};  ///< the teacher's; the papers use one for each data set
  double weight = 8;                                       ///< of the distance to the teacher
  std::uint64_t seed = 1;                                  ///< of the random start
  static constexpr const char* fields[] = {"init", "context", "templates", "weight", "seed"};
};

/// CoOp with class vectors that are kept close to those of hand-written prompts.
///
/// Loss: task + weight * (1 - mean over all bound classes of cos(t_c, t0_c)), where t_c is the class vector of the
/// learned prompt and t0_c that of the frozen model with `templates`.
///
/// Trains `prompt_learner.ctx` [n, W], as CoOp: 2,048 numbers for ViT-B/16 with 4 vectors.
///
/// **Differs** from the paper, which squares a distance: here, as in the released code, the distance is a cosine
/// distance (half the squared one), so 8 here is 4 there. The release lists more modules but does not use them.
template <VisionLanguageModel ModelT>
class KgCoop : public detail::TaughtContext<ModelT> {
 public:
  using Options = KgCoopOptions;

  /// **Throws** `OptionError` for a negative weight, no template or a context of no vectors, `DataError` for a class
  /// name that is too long.
  explicit KgCoop(std::shared_ptr<const ModelT> model, ClassList classes, Options options = {})
      : detail::TaughtContext<ModelT>(not_null(std::move(model), "KgCoop: the model"), std::move(classes),
                                      ContextPhrase::start(options.init, options.context), {.seed = options.seed},
                                      options.templates),
        options_(std::move(options)) {
    require<OptionError>(options_.weight >= 0, "KgCoop: weight = ", options_.weight,
                         ", expected 0 or more (the paper's scripts use 8)");
  }

  /// The weighted distance to the teacher, over all classes.
  Tensor auxiliary_loss(const Output& full, const Batch&) {
    return feature_cosine(full.text, class_rows(this->teacher(), full.candidates)) * options_.weight;
  }

  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("KgCoop", options_); }

 private:
  Options options_;
};

template <class ModelT>
KgCoop(std::shared_ptr<ModelT>, ClassList, KgCoopOptions = {}) -> KgCoop<std::remove_const_t<ModelT>>;

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class KgCoop<explain::NoModel> : public detail::RefusedMethod {
  using detail::RefusedMethod::RefusedMethod;
};
template <explain::NoTextModel P, class... Rest>
KgCoop(P, Rest...) -> KgCoop<explain::RefusedModel<P>>;

}  // namespace mao
