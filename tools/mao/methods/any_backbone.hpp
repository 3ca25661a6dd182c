// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A method chosen at run time, for programs that take its name from the command line.

#include <memory>
#include <string>
#include <utility>

#include <ATen/ops/matmul.h>

#include <mao/backbones/binding.hpp>
#include <mao/backbones/concepts.hpp>
#include <mao/backbones/description.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao {

/// Holds any `Backbone` and is one, with every capability: those that the held one lacks do what the tuner would do
/// without them. `traits()` says what the held one is like. Costs virtual calls, a handful a step.
///
/// Copies share the held backbone.
class AnyBackbone {
 public:
  template <Backbone BackboneT>
  requires(!std::same_as<BackboneT, AnyBackbone>) explicit AnyBackbone(BackboneT backbone)
      : held_(std::make_shared<Held<BackboneT>>(std::move(backbone))) {}

  void bind(const ClassList& classes) { held_->bind(classes); }
  [[nodiscard]] const ClassList& classes() const { return held_->classes(); }
  Output forward(const ImageBatch& images, const Candidates& candidates) { return held_->forward(images, candidates); }
  Tensor auxiliary_loss(const Output& output, const Batch& batch) { return held_->auxiliary_loss(output, batch); }
  ParameterList parameters() { return held_->parameters(); }
  [[nodiscard]] BackboneTraits traits() const { return held_->traits(); }

  /// **Throws** `OptionError` where class features depend on the image (`traits().class_features` is false); so do
  /// `encode_image`, `score` and `logit_scale`.
  Tensor encode_text(const Candidates& candidates) { return held_->encode_text(candidates); }
  Tensor encode_image(const ImageBatch& images) { return held_->encode_image(images); }
  Tensor score(const ImageBatch& images, const Tensor& text) { return held_->score(images, text); }
  [[nodiscard]] double logit_scale() const { return held_->logit_scale(); }

  Tensor task_logits(const Output& output, const Batch& batch) { return held_->task_logits(output, batch); }
  Tensor total_loss(const Tensor& task, const Tensor& auxiliary) { return held_->total_loss(task, auxiliary); }
  void combine(const Tensor& task, const Tensor& auxiliary) { held_->combine(task, auxiliary); }
  [[nodiscard]] TensorMap buffers() const { return held_->buffers(); }
  void set_buffers(const TensorMap& buffers) { held_->set_buffers(buffers); }
  void end_epoch(const EpochInfo& info) { held_->end_epoch(info); }
  void finish() { held_->finish(); }
  [[nodiscard]] ClassList learned_for() const { return held_->learned_for(); }
  /// Of the held one, with its model.
  [[nodiscard]] Description describe() const { return held_->describe(); }

 private:
  struct Interface {
    virtual ~Interface() = default;
    virtual void bind(const ClassList& classes) = 0;
    [[nodiscard]] virtual const ClassList& classes() const = 0;
    virtual Output forward(const ImageBatch& images, const Candidates& candidates) = 0;
    virtual Tensor auxiliary_loss(const Output& output, const Batch& batch) = 0;
    virtual ParameterList parameters() = 0;
    [[nodiscard]] virtual BackboneTraits traits() const = 0;
    virtual Tensor encode_text(const Candidates& candidates) = 0;
    virtual Tensor encode_image(const ImageBatch& images) = 0;
    virtual Tensor score(const ImageBatch& images, const Tensor& text) = 0;
    [[nodiscard]] virtual double logit_scale() const = 0;
    virtual Tensor task_logits(const Output& output, const Batch& batch) = 0;
    virtual Tensor total_loss(const Tensor& task, const Tensor& auxiliary) = 0;
    virtual void combine(const Tensor& task, const Tensor& auxiliary) = 0;
    [[nodiscard]] virtual TensorMap buffers() const = 0;
    virtual void set_buffers(const TensorMap& buffers) = 0;
    virtual void end_epoch(const EpochInfo& info) = 0;
    virtual void finish() = 0;
    virtual ClassList learned_for() = 0;
    [[nodiscard]] virtual Description describe() const = 0;
  };

  template <Backbone BackboneT>
  struct Held final : Interface {
    explicit Held(BackboneT backbone) : backbone_(std::move(backbone)) {}
    void bind(const ClassList& classes) override { backbone_.bind(classes); }
    [[nodiscard]] const ClassList& classes() const override { return backbone_.classes(); }
    Output forward(const ImageBatch& images, const Candidates& candidates) override {
      return backbone_.forward(images, candidates);
    }
    Tensor auxiliary_loss(const Output& output, const Batch& batch) override {
      return backbone_.auxiliary_loss(output, batch);
    }
    ParameterList parameters() override { return backbone_.parameters(); }
    [[nodiscard]] BackboneTraits traits() const override { return traits_of(backbone_); }
    Tensor encode_text(const Candidates& candidates) override {
      if constexpr (ClassFeatures<BackboneT>) return backbone_.encode_text(candidates);
      refuse();
    }
    Tensor encode_image(const ImageBatch& images) override {
      if constexpr (ClassFeatures<BackboneT>) return backbone_.encode_image(images);
      refuse();
    }
    Tensor score(const ImageBatch& images, const Tensor& text) override {
      if constexpr (ScoresItself<BackboneT>) {
        return backbone_.score(images, text);
      } else {
        return at::matmul(encode_image(images), text.t()) * logit_scale();
      }
    }
    [[nodiscard]] double logit_scale() const override {
      if constexpr (requires { backbone_.logit_scale(); }) return backbone_.logit_scale();
      refuse();
    }
    Tensor task_logits(const Output& output, const Batch& batch) override {
      if constexpr (LabelledLogits<BackboneT>) return backbone_.task_logits(output, batch);
      return output.logits;
    }
    Tensor total_loss(const Tensor& task, const Tensor& auxiliary) override {
      if constexpr (WeighsLosses<BackboneT>) return backbone_.total_loss(task, auxiliary);
      return auxiliary.defined() ? task + auxiliary : task;
    }
    void combine(const Tensor& task, const Tensor& auxiliary) override {
      if constexpr (CombinesLosses<BackboneT>) {
        backbone_.combine(task, auxiliary);
      } else {
        total_loss(task, auxiliary).backward();
      }
    }
    [[nodiscard]] TensorMap buffers() const override {
      if constexpr (HasBuffers<BackboneT>) return backbone_.buffers();
      return {};
    }
    void set_buffers(const TensorMap& buffers) override {
      if constexpr (HasBuffers<BackboneT>) backbone_.set_buffers(buffers);
    }
    void end_epoch(const EpochInfo& info) override {
      if constexpr (EpochAware<BackboneT>) backbone_.end_epoch(info);
    }
    void finish() override {
      if constexpr (Finishes<BackboneT>) backbone_.finish();
    }
    ClassList learned_for() override { return mao::learned_for(backbone_); }
    [[nodiscard]] Description describe() const override { return method_description(backbone_); }
    [[noreturn]] static void refuse() {
      throw OptionError("this method's class features depend on the image; ask `forward`, or a `Scorer`");
    }

    BackboneT backbone_;
  };

  std::shared_ptr<Interface> held_;
};

static_assert(Backbone<AnyBackbone> && ScoresItself<AnyBackbone> && HasBuffers<AnyBackbone>);

}  // namespace mao
