// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the library asks of a method, behind one type: what works with every method is compiled once, not once for
/// each.

#include <utility>

#include <mao/backbones/concepts.hpp>

namespace mao::detail {

/// What the type of a backbone offers beyond a `Backbone`; `BackboneTraits` says the same of one chosen at run time.
struct BackboneOffers {
  bool class_features, scores_itself, labelled_logits, weighs_losses, combines_losses, buffers, epochs, finishing;
};

template <Backbone B>
constexpr BackboneOffers offers_of() {
  return {.class_features = ClassFeatures<B>,
          .scores_itself = ScoresItself<B>,
          .labelled_logits = LabelledLogits<B>,
          .weighs_losses = WeighsLosses<B>,
          .combines_losses = CombinesLosses<B>,
          .buffers = HasBuffers<B>,
          .epochs = EpochAware<B>,
          .finishing = Finishes<B>};
}

/// Calls of a backbone. What it does not offer (`offers`) must not be called.
class BackboneCalls {
 public:
  virtual ~BackboneCalls() = default;
  virtual void bind(const ClassList& classes) = 0;
  [[nodiscard]] virtual const ClassList& classes() const = 0;
  virtual Output forward(const ImageBatch& images, const Candidates& candidates) = 0;
  virtual Tensor auxiliary_loss(const Output& output, const Batch& batch) = 0;
  virtual ParameterList parameters() = 0;
  [[nodiscard]] virtual BackboneTraits traits() const = 0;
  virtual ClassList learned_for() = 0;

  virtual Tensor encode_text(const Candidates& candidates) = 0;
  virtual Tensor encode_image(const ImageBatch& images) = 0;
  /// Logits from class features: by the backbone, or `image` (encoded where undefined) times those, by its scale.
  virtual Tensor score(const ImageBatch& images, const Tensor& image, const Tensor& text) = 0;
  virtual Tensor task_logits(const Output& output, const Batch& batch) = 0;
  virtual Tensor total_loss(const Tensor& task, const Tensor& auxiliary) = 0;
  virtual void combine(const Tensor& task, const Tensor& auxiliary) = 0;
  [[nodiscard]] virtual TensorMap buffers() const = 0;
  virtual void set_buffers(const TensorMap& buffers) = 0;
  virtual void end_epoch(const EpochInfo& info) = 0;
  virtual void finish() = 0;

  const BackboneOffers offers;

 protected:
  explicit BackboneCalls(const BackboneOffers& offered) : offers(offered) {}
};

/// The classes whose number is that of the first tensor's rows; none where there is no such tensor.
ClassList classes_by_shape(const ParameterList& parameters, const ClassList& classes);

/// Those of a backbone that lives elsewhere.
template <Backbone B>
class CallsOf final : public BackboneCalls {
 public:
  explicit CallsOf(B& backbone) : BackboneCalls(offers_of<B>()), backbone_(backbone) {}

  void bind(const ClassList& classes) override { backbone_.bind(classes); }
  [[nodiscard]] const ClassList& classes() const override { return std::as_const(backbone_).classes(); }
  Output forward(const ImageBatch& images, const Candidates& candidates) override {
    return backbone_.forward(images, candidates);
  }
  Tensor auxiliary_loss(const Output& output, const Batch& batch) override {
    return backbone_.auxiliary_loss(output, batch);
  }
  ParameterList parameters() override { return backbone_.parameters(); }
  [[nodiscard]] BackboneTraits traits() const override { return traits_of(backbone_); }
  ClassList learned_for() override {
    if constexpr (ClassBound<B>) {
      return backbone_.learned_for();
    } else {
      return classes_by_shape(backbone_.parameters(), backbone_.classes());
    }
  }

  Tensor encode_text(const Candidates& candidates) override {
    if constexpr (ClassFeatures<B>) return backbone_.encode_text(candidates);
    return {};
  }
  Tensor encode_image(const ImageBatch& images) override {
    if constexpr (ClassFeatures<B>) return backbone_.encode_image(images);
    return {};
  }
  Tensor score(const ImageBatch& images, const Tensor& image, const Tensor& text) override {
    if constexpr (ScoresItself<B>) {
      return backbone_.score(images, text);
    } else if constexpr (ClassFeatures<B> && requires { backbone_.logit_scale(); }) {
      const Tensor rows = image.defined() ? image : backbone_.encode_image(images);
      return rows.matmul(text.t()).mul(backbone_.logit_scale());
    }
    return {};
  }
  Tensor task_logits(const Output& output, const Batch& batch) override {
    if constexpr (LabelledLogits<B>) return backbone_.task_logits(output, batch);
    return {};
  }
  Tensor total_loss(const Tensor& task, const Tensor& auxiliary) override {
    if constexpr (WeighsLosses<B>) return backbone_.total_loss(task, auxiliary);
    return {};
  }
  void combine(const Tensor& task, const Tensor& auxiliary) override {
    if constexpr (CombinesLosses<B>) backbone_.combine(task, auxiliary);
  }
  [[nodiscard]] TensorMap buffers() const override {
    if constexpr (HasBuffers<B>) return std::as_const(backbone_).buffers();
    return {};
  }
  void set_buffers(const TensorMap& buffers) override {
    if constexpr (HasBuffers<B>) backbone_.set_buffers(buffers);
  }
  void end_epoch(const EpochInfo& info) override {
    if constexpr (EpochAware<B>) backbone_.end_epoch(info);
  }
  void finish() override {
    if constexpr (Finishes<B>) backbone_.finish();
  }

 private:
  B& backbone_;
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/backbones/detail/impl/backbone_calls.ipp>
#endif
