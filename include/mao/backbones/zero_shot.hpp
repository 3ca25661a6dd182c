// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The untuned model with hand-written prompts: the baseline of every table.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mao/backbones/concepts.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/backbones/detail/refused_method.hpp>
#include <mao/core/describe.hpp>
#include <mao/prompts/class_features.hpp>

namespace mao {

/// Zero-shot classification. With several templates the class vector is the mean of their normalised features.
template <VisionLanguageModel ModelT>
class ZeroShot {
 public:
  struct Options {
    std::vector<std::string> templates{"a photo of a {}."};
    static constexpr const char* fields[] = {"templates"};
  };
  static constexpr bool frozen_image_tower = true;

  explicit ZeroShot(std::shared_ptr<const ModelT> model, ClassList classes, Options options = {})
      : model_(not_null(std::move(model), "ZeroShot: the model")), options_(std::move(options)) {
    require<OptionError>(!options_.templates.empty(), "ZeroShot: no template given; use \"a photo of a {}.\"");
    bind(std::move(classes));
  }

  /// Encodes the class vectors, once.
  void bind(ClassList classes) {
    text_ = frozen_class_features(*model_, classes, options_.templates);
    classes_ = std::move(classes);
  }

  [[nodiscard]] const ClassList& classes() const { return classes_; }
  Output forward(const ImageBatch& images, const Candidates& candidates) {
    return compare(encode_image(images), encode_text(candidates), model_->logit_scale(), candidates);
  }
  Tensor encode_text(const Candidates& candidates) { return class_rows(text_, candidates); }
  Tensor encode_image(const ImageBatch& images) { return frozen_image_features(*model_, images); }
  Tensor auxiliary_loss(const Output&, const Batch&) { return {}; }
  ParameterList parameters() { return {}; }
  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("ZeroShot", options_); }
  [[nodiscard]] ClassList learned_for() const { return {}; }
  [[nodiscard]] double logit_scale() const { return model_->logit_scale(); }
  [[nodiscard]] const ModelT& model() const { return *model_; }

 private:
  std::shared_ptr<const ModelT> model_;
  Options options_;
  ClassList classes_;
  Tensor text_;  // [C, D], unit rows
};

template <class ModelT>
ZeroShot(std::shared_ptr<ModelT>, ClassList, typename ZeroShot<std::remove_const_t<ModelT>>::Options = {})
    -> ZeroShot<std::remove_const_t<ModelT>>;

// Anything that is not a model in a shared pointer is refused in one sentence.
template <>
class ZeroShot<explain::NoModel> : public detail::RefusedMethod {
  using detail::RefusedMethod::RefusedMethod;
};
template <explain::NoTextModel P, class... Rest>
ZeroShot(P, Rest...) -> ZeroShot<explain::RefusedModel<P>>;

}  // namespace mao
