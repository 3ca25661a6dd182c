// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A small CLIP whose every tensor trains: OpenAI's layout and names.

#include <cmath>
#include <cstdint>
#include <string>

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/scalar_tensor.h>

#include <mao/core/detail/ops.hpp>
#include <mao/data/preprocess.hpp>

#include "trainable_tower.hpp"

namespace mao::embedded {

/// CLIP's loss, except that a caption which holds for another picture of the batch too is not a negative of it.
///
/// **Shapes** image and text [B, D], not normalised; also_true [B, B].
inline Tensor contrastive_loss(const Tensor& image, const Tensor& text, const Tensor& scale, const Tensor& also_true) {
  const Tensor images = image / image.norm(2, -1, true);
  const Tensor texts = text / text.norm(2, -1, true);
  const Tensor logits = scale * at::matmul(images, texts.t()) - also_true * 1e4;
  const Tensor own = at::arange(image.size(0));
  return (at::cross_entropy_loss(logits, own) + at::cross_entropy_loss(logits.t(), own)) * 0.5;
}

/// The forward pass over a map of weights.
class TrainableClip : public TrainableTower {
 public:
  TrainableClip(const TensorMap& weights, const ModelSizes& sizes, at::ScalarType precision)
      : TrainableTower(weights, sizes, precision, {}) {}

  /// CLIP's initialisation, from one seed.
  static TensorMap initial_weights(const ModelSizes& sizes, std::uint64_t seed) {
    detail::InitialWeights made(seed);
    const double vision_std = 1 / std::sqrt(static_cast<double>(sizes.vision_width));
    const double patch_std = 1 / std::sqrt(static_cast<double>(3 * sizes.patch * sizes.patch));
    auto& weights = made.weights;
    weights["visual.conv1.weight"] = made.normal({sizes.vision_width, 3, sizes.patch, sizes.patch}, patch_std);
    weights["visual.class_embedding"] = made.normal({sizes.vision_width}, vision_std);
    weights["visual.positional_embedding"] = made.normal({sizes.patches() + 1, sizes.vision_width}, vision_std);
    weights["visual.proj"] = made.normal({sizes.vision_width, sizes.embed}, vision_std);
    made.add_blocks("visual.transformer.resblocks.", sizes.vision_width, sizes.vision_layers);
    weights["token_embedding.weight"] = made.normal({sizes.vocabulary, sizes.text_width}, 0.02);
    weights["positional_embedding"] = made.normal({sizes.context, sizes.text_width}, 0.01);
    weights["text_projection"] =
        made.normal({sizes.text_width, sizes.embed}, 1 / std::sqrt(static_cast<double>(sizes.text_width)));
    made.add_blocks("transformer.resblocks.", sizes.text_width, sizes.text_layers);
    for (const char* norm : {"visual.ln_pre", "visual.ln_post"}) made.add_norm(norm, sizes.vision_width);
    made.add_norm("ln_final", sizes.text_width);
    weights["logit_scale"] = at::scalar_tensor(std::log(1 / 0.07));
    return weights;
  }

  static Preprocess preprocess() { return {}; }
  static double rate_factor(const std::string& /*name*/) { return 1; }

  static Tensor loss(const Tensor& image, const Tensor& text, const TensorMap& weights, const Tensor& also_true) {
    return contrastive_loss(image, text, weights.at("logit_scale").exp(), also_true);
  }

  /// **Shapes** pixels [B, 3, R, R] normalised -> the pooled token after the last norm, [B, vision_width].
  [[nodiscard]] Tensor pooled_image(const Tensor& pixels) const {
    const Tensor first = get("visual.class_embedding").expand({pixels.size(0), 1, -1});
    Tensor x = at::cat({low(first), patches_of(pixels)}, 1) + low(get("visual.positional_embedding"));
    x = norm(x, "visual.ln_pre");
    for (std::int64_t i = 0; i < sizes().vision_layers; ++i) {
      x = block(x, "visual.transformer.resblocks." + std::to_string(i) + ".");
    }
    return norm(x.select(1, 0).to(at::kFloat), "visual.ln_post");
  }

  /// **Shapes** [B, 3, R, R] -> [B, embed], not normalised.
  [[nodiscard]] Tensor encode_image(const Tensor& pixels) const { return project_image(pooled_image(pixels)); }

  /// The image's embedding from its pooled token.
  [[nodiscard]] Tensor project_image(const Tensor& pooled) const { return at::matmul(pooled, get("visual.proj")); }

  /// **Shapes** tokens [B, L] with L <= context, ends [B] (position of the end token) -> [B, embed], not normalised.
  [[nodiscard]] Tensor encode_text(const Tensor& tokens, const Tensor& ends) const {
    const std::int64_t length = tokens.size(1);
    const Tensor embedded = at::embedding(get("token_embedding.weight"), tokens);
    Tensor x = low(embedded + get("positional_embedding").narrow(0, 0, length));
    const Tensor mask = low(at::full({length, length}, -1e9).triu(1));
    for (std::int64_t i = 0; i < sizes().text_layers; ++i) {
      x = block(x, "transformer.resblocks." + std::to_string(i) + ".", mask);
    }
    const Tensor index = ends.reshape({-1, 1, 1}).expand({-1, 1, x.size(2)});
    return at::matmul(norm(x.gather(1, index).squeeze(1).to(at::kFloat), "ln_final"), get("text_projection"));
  }
};

}  // namespace mao::embedded
