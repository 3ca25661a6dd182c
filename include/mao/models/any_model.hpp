// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A model that is chosen at run time, for programs that get its name from the command line.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <mao/models/concepts.hpp>

namespace mao {

/// Contains any `VisionLanguageModel` and is itself one. It costs one virtual call per encoding.
class AnyModel {
 public:
  /// `before_encoding` is called before each encoding of texts or images, and prevents it by throwing: a program that
  /// is asked to stop throws a type that is not a `std::exception`, which passes through policies unchanged.
  template <VisionLanguageModel ModelT>
  requires(!std::same_as<ModelT, AnyModel>) explicit AnyModel(ModelT model, std::function<void()> before_encoding = {})
      : held_(std::make_shared<const Held<ModelT>>(std::move(model))), before_encoding_(std::move(before_encoding)) {}

  [[nodiscard]] std::vector<std::int64_t> tokenize(const std::string& text) const { return held_->tokenize(text); }
  [[nodiscard]] std::int64_t start_token() const { return held_->start_token(); }
  [[nodiscard]] std::int64_t end_token() const { return held_->end_token(); }
  [[nodiscard]] std::int64_t context_length() const { return held_->context_length(); }
  [[nodiscard]] Tensor embed(const Tensor& ids) const { return held_->embed(ids); }
  /// **Throws** `OptionError` for prompts if the model does not support them.
  [[nodiscard]] Tensor encode_text(const TextBatch& batch, const BlockPrompts& prompts = {}) const {
    if (before_encoding_) before_encoding_();
    return held_->encode_text(batch, prompts);
  }
  /// **Throws** as `encode_text`.
  [[nodiscard]] Tensor encode_image(const Tensor& pixels, const ImagePrompts& prompts = {}) const {
    if (before_encoding_) before_encoding_();
    return held_->encode_image(pixels, prompts);
  }
  /// Whether the model has `PromptedTowers`.
  [[nodiscard]] bool takes_prompts() const { return held_->takes_prompts(); }
  /// **Throws** as `encode_text`.
  [[nodiscard]] TowerSizes towers() const { return held_->towers(); }
  [[nodiscard]] double logit_scale() const { return held_->logit_scale(); }
  /// What a SigLIP adds to the logit of a pair; nothing for a model without a bias.
  [[nodiscard]] std::optional<double> logit_bias() const { return held_->logit_bias(); }
  [[nodiscard]] Preprocess preprocess() const { return held_->preprocess(); }
  [[nodiscard]] std::string fingerprint() const { return held_->fingerprint(); }

 private:
  struct Interface {
    virtual ~Interface() = default;
    [[nodiscard]] virtual std::vector<std::int64_t> tokenize(const std::string& text) const = 0;
    [[nodiscard]] virtual std::int64_t start_token() const = 0;
    [[nodiscard]] virtual std::int64_t end_token() const = 0;
    [[nodiscard]] virtual std::int64_t context_length() const = 0;
    [[nodiscard]] virtual Tensor embed(const Tensor& ids) const = 0;
    [[nodiscard]] virtual Tensor encode_text(const TextBatch& batch, const BlockPrompts& prompts) const = 0;
    [[nodiscard]] virtual Tensor encode_image(const Tensor& pixels, const ImagePrompts& prompts) const = 0;
    [[nodiscard]] virtual bool takes_prompts() const = 0;
    [[nodiscard]] virtual TowerSizes towers() const = 0;
    [[nodiscard]] virtual double logit_scale() const = 0;
    [[nodiscard]] virtual std::optional<double> logit_bias() const = 0;
    [[nodiscard]] virtual Preprocess preprocess() const = 0;
    [[nodiscard]] virtual std::string fingerprint() const = 0;
  };

  template <class ModelT>
  struct Held final : Interface {
    explicit Held(ModelT model) : model_(std::move(model)) {}
    [[nodiscard]] std::vector<std::int64_t> tokenize(const std::string& text) const override {
      return model_.tokenize(text);
    }
    [[nodiscard]] std::int64_t start_token() const override { return model_.start_token(); }
    [[nodiscard]] std::int64_t end_token() const override { return model_.end_token(); }
    [[nodiscard]] std::int64_t context_length() const override { return model_.context_length(); }
    [[nodiscard]] Tensor embed(const Tensor& ids) const override { return model_.embed(ids); }
    [[nodiscard]] Tensor encode_text(const TextBatch& batch, const BlockPrompts& prompts) const override {
      if (prompts.empty()) return model_.encode_text(batch);
      if constexpr (PromptedTowers<ModelT>) return model_.encode_text(batch, prompts);
      refuse();
    }
    [[nodiscard]] Tensor encode_image(const Tensor& pixels, const ImagePrompts& prompts) const override {
      if (!prompts.tokens.defined() && prompts.deep.empty()) return model_.encode_image(pixels);
      if constexpr (PromptedTowers<ModelT>) return model_.encode_image(pixels, prompts);
      refuse();
    }
    [[nodiscard]] bool takes_prompts() const override { return PromptedTowers<ModelT>; }
    [[nodiscard]] TowerSizes towers() const override {
      if constexpr (PromptedTowers<ModelT>) return model_.towers();
      refuse();
    }
    [[noreturn]] static void refuse() {
      throw OptionError(
          "this model's towers take no prompts in their layers; tune the text context alone: coop, kgcoop, "
          "prograd or cocoop");
    }
    [[nodiscard]] double logit_scale() const override { return model_.logit_scale(); }
    [[nodiscard]] std::optional<double> logit_bias() const override {
      if constexpr (requires { model_.logit_bias(); }) return model_.logit_bias();
      return std::nullopt;
    }
    [[nodiscard]] Preprocess preprocess() const override { return model_.preprocess(); }
    [[nodiscard]] std::string fingerprint() const override { return model_.fingerprint(); }
    ModelT model_;
  };

  std::shared_ptr<const Interface> held_;
  std::function<void()> before_encoding_;
};

static_assert(VisionLanguageModel<AnyModel> && PromptedTowers<AnyModel>);

}  // namespace mao
