// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A small SigLIP whose every tensor trains, under the names that mao has for it inside.

#include <cmath>
#include <cstdint>
#include <string>

#include <ATen/ops/embedding.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/zeros.h>

#include <mao/core/detail/ops.hpp>
#include <mao/data/preprocess.hpp>

#include "trainable_tower.hpp"

namespace mao::embedded {

/// SigLIP's loss (Zhai et al., arXiv 2303.15343): each pair of the batch is a yes or a no. A caption that holds for
/// another picture too is a yes for it.
///
/// **Shapes** image and text [B, D], not normalised; scale and bias [1]; also_true [B, B].
inline Tensor pairwise_loss(const Tensor& image, const Tensor& text, const Tensor& scale, const Tensor& bias,
                            const Tensor& also_true) {
  const Tensor images = image / image.norm(2, -1, true);
  const Tensor texts = text / text.norm(2, -1, true);
  const Tensor logits = scale * at::matmul(images, texts.t()) + bias;
  const Tensor signs = (also_true + at::eye(image.size(0))) * 2 - 1;
  return at::softplus(-signs * logits).sum() / image.size(0);
}

/// The forward pass over a map of weights. The image tower has no class token and pools by attention; rows of text are
/// as long as the context, without a mask, and read at their last position.
class TrainableSiglip : public TrainableTower {
 public:
  TrainableSiglip(const TensorMap& weights, const ModelSizes& sizes, at::ScalarType precision)
      : TrainableTower(weights, sizes, precision, {.activation = Activation::GeluTanh, .epsilon = 1e-6}) {}

  /// CLIP's initialisation where it has the same part; scale 10 and bias -10, as in the paper.
  static TensorMap initial_weights(const ModelSizes& sizes, std::uint64_t seed) {
    detail::InitialWeights made(seed);
    const std::int64_t width = sizes.vision_width;
    const double vision_std = 1 / std::sqrt(static_cast<double>(width));
    const double patch_std = 1 / std::sqrt(static_cast<double>(3 * sizes.patch * sizes.patch));
    auto& weights = made.weights;
    weights["visual.conv1.weight"] = made.normal({width, 3, sizes.patch, sizes.patch}, patch_std);
    weights["visual.conv1.bias"] = at::zeros({width});
    weights["visual.positional_embedding"] = made.normal({sizes.patches(), width}, vision_std);
    made.add_blocks("visual.transformer.resblocks.", width, sizes.vision_layers);
    made.add_norm("visual.ln_post", width);
    weights["visual.pool.probe"] = made.normal({width}, vision_std);
    made.add_block("visual.pool.", width, 1);
    made.add_norm("visual.pool.ln_2", width);
    weights["token_embedding.weight"] = made.normal({sizes.vocabulary, sizes.text_width}, 0.02);
    weights["positional_embedding"] = made.normal({sizes.context, sizes.text_width}, 0.01);
    made.add_blocks("transformer.resblocks.", sizes.text_width, sizes.text_layers);
    made.add_norm("ln_final", sizes.text_width);
    weights["text_projection"] = made.normal({sizes.text_width, width}, 1 / std::sqrt(static_cast<double>(width)));
    weights["text_projection.bias"] = at::zeros({width});
    weights["logit_scale"] = at::full({1}, std::log(10.0));
    weights["logit_bias"] = at::full({1}, -10.0);
    return weights;
  }

  static Preprocess preprocess() { return Preprocess::symmetric(48); }

  /// Scale and bias have far to go from where they start, and few steps.
  static double rate_factor(const std::string& name) { return name.starts_with("logit_") ? 10 : 1; }

  static Tensor loss(const Tensor& image, const Tensor& text, const TensorMap& weights, const Tensor& also_true) {
    return pairwise_loss(image, text, weights.at("logit_scale").exp(), weights.at("logit_bias"), also_true);
  }

  /// **Shapes** pixels [B, 3, R, R] normalised -> what the attention pooling gives, [B, vision_width].
  [[nodiscard]] Tensor pooled_image(const Tensor& pixels) const {
    Tensor x = patches_of(pixels) + low(get("visual.conv1.bias") + get("visual.positional_embedding"));
    for (std::int64_t i = 0; i < sizes().vision_layers; ++i) {
      x = block(x, "visual.transformer.resblocks." + std::to_string(i) + ".");
    }
    x = norm(x, "visual.ln_post");
    const std::string pool = "visual.pool.";
    const auto weight = get(pool + "attn.in_proj_weight").chunk(3), bias = get(pool + "attn.in_proj_bias").chunk(3);
    const Tensor query = at::linear(get(pool + "probe"), weight[0], bias[0]).expand({x.size(0), 1, -1});
    const Tensor keys = at::linear(x, low(weight[1]), low(bias[1]));
    const Tensor values = at::linear(x, low(weight[2]), low(bias[2]));
    const Tensor pooled = attended(low(query), keys, values, pool).squeeze(1).to(at::kFloat);
    return pooled + feed_forward(low(norm(pooled, pool + "ln_2")), pool).to(at::kFloat);
  }

  /// **Shapes** [B, 3, R, R] -> [B, embed], not normalised.
  [[nodiscard]] Tensor encode_image(const Tensor& pixels) const { return pooled_image(pixels); }

  /// There is no projection: the pooling gives the embedding.
  [[nodiscard]] static Tensor project_image(const Tensor& pooled) { return pooled; }

  /// **Shape** tokens [B, context] -> [B, embed], not normalised. Where a text ends does not matter.
  [[nodiscard]] Tensor encode_text(const Tensor& tokens, const Tensor& /*ends*/) const {
    Tensor x = low(at::embedding(get("token_embedding.weight"), tokens) + get("positional_embedding"));
    const auto name = [](std::int64_t i) { return "transformer.resblocks." + std::to_string(i) + "."; };
    for (std::int64_t i = 0; i + 1 < sizes().text_layers; ++i) x = block(x, name(i));
    const Tensor last = last_of_block(x, name(sizes().text_layers - 1)).squeeze(1).to(at::kFloat);
    return at::matmul(norm(last, "ln_final"), get("text_projection")) + get("text_projection.bias");
  }
};

}  // namespace mao::embedded
