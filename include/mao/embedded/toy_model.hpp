// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A tiny CLIP with random weights and a word-hash tokenizer, for tests of policies and backbones in milliseconds.

#include <memory>
#include <string>
#include <vector>

#include <ATen/ops/embedding.h>

#include <mao/core/class_list.hpp>
#include <mao/core/random.hpp>
#include <mao/models/concepts.hpp>
#include <mao/models/text_tower.hpp>
#include <mao/models/vision_tower.hpp>

namespace mao::testing {

/// Sizes of a model whose step takes about a millisecond.
ClipArchitecture toy_sizes();

namespace detail {

void add_random_blocks(TensorMap& weights, const std::string& prefix, std::int64_t layers, std::int64_t width, Rng rng,
                       std::int64_t mlp = 0);

}  // namespace detail

/// Random weights under OpenAI's names.
TensorMap random_clip_weights(const ClipArchitecture& sizes, std::uint64_t seed);

/// A `VisionLanguageModel` with random weights; each word is one token, a hash of its letters.
class ToyModel {
 public:
  explicit ToyModel(std::uint64_t seed = 1, const ClipArchitecture& sizes = toy_sizes())
      : ToyModel(random_clip_weights(sizes, seed), sizes) {}

  /// From weights of those sizes, on any device.
  explicit ToyModel(TensorMap weights, const ClipArchitecture& sizes = toy_sizes());

  /// A shared model for backbones.
  static std::shared_ptr<const ToyModel> make(std::uint64_t seed = 1) { return std::make_shared<const ToyModel>(seed); }

  [[nodiscard]] std::vector<std::int64_t> tokenize(const std::string& text) const;
  [[nodiscard]] std::int64_t start_token() const { return sizes_.vocabulary - 2; }
  [[nodiscard]] std::int64_t end_token() const { return sizes_.vocabulary - 1; }
  [[nodiscard]] std::int64_t context_length() const { return sizes_.context; }
  [[nodiscard]] Tensor embed(const Tensor& ids) const {
    return at::embedding(weights_.at("token_embedding.weight"), ids);
  }
  [[nodiscard]] Tensor encode_text(const TextBatch& batch, const BlockPrompts& prompts = {}) const {
    return text_.encode(batch, prompts);
  }
  [[nodiscard]] Tensor encode_image(const Tensor& pixels, const ImagePrompts& prompts = {}) const {
    return vision_.encode(pixels, prompts);
  }
  [[nodiscard]] TowerSizes towers() const;
  [[nodiscard]] double logit_scale() const { return 20.0; }
  [[nodiscard]] const Preprocess& preprocess() const { return preprocess_; }
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }
  [[nodiscard]] const TextTower& text_tower() const { return text_; }
  [[nodiscard]] const TensorMap& weights() const { return weights_; }

 private:
  ClipArchitecture sizes_;
  TensorMap weights_;
  std::string fingerprint_;
  TextTower text_;
  VisionTower vision_;
  Preprocess preprocess_;
};

static_assert(VisionLanguageModel<ToyModel> && PromptedTowers<ToyModel>);

/// `count` images of noise around a pattern of their class, and the labels.
struct ToyImages {
  Tensor pixels;  ///< [count, 3, R, R]
  std::vector<std::int64_t> labels;

  ToyImages(std::int64_t classes, std::int64_t per_class, std::uint64_t seed,
            std::int64_t resolution = toy_sizes().resolution);
};

/// `class 0`, `class 1`, ...
ClassList toy_classes(std::int64_t count);

}  // namespace mao::testing

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/embedded/impl/toy_model.ipp>
#endif
