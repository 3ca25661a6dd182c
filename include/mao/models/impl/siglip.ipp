// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/siglip.hpp>

#include <cmath>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/embedding.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/image_parts.hpp>
#include <mao/models/fingerprint.hpp>

namespace mao {

/// Files of transformers say which token fills up rows; a vocabulary alone does not, and open_clip's configuration
/// does.
MAO_INLINE SiglipParts SiglipParts::of(ClipWeights weights, const std::filesystem::path& path,
                                       const SiglipOptions& options) {
  require<FormatError>(!weights.pieces.empty(), path.string(), " is a CLIP, expected a SigLIP (in C++ Clip reads it)");
  ask_normalisation(weights, options.mean, options.deviation);
  const auto folder = std::filesystem::is_directory(path) ? path : path.parent_path();
  const auto files = options.vocabulary.empty() ? folder : options.vocabulary;
  PieceOptions pieces{.cleaning = piece_cleaning(weights.pieces)};
  const auto beside = std::filesystem::is_directory(files) ? files : files.parent_path();
  const bool is_said =
      pieces.cleaning == PieceCleaning::Transformers || std::filesystem::exists(beside / "tokenizer_config.json");
  if (!is_said) pieces.padding_token = weights.form.text_padding;
  auto tokenizer = PieceTokenizer::load(files, pieces);
  weights.form.text_padding = tokenizer.padding_token();
  return {std::move(weights), std::move(tokenizer)};
}

MAO_INLINE Siglip::Siglip(SiglipParts parts, Precision precision)
    : weights_(std::move(parts.weights)),
      tokenizer_(std::move(parts.tokenizer)),
      text_(weights_.tensors, weights_.sizes.text_layers, weights_.form, precision),
      vision_(weights_.tensors, weights_.sizes, weights_.form, precision),
      tokens_(weights_.tensors.at("token_embedding.weight")),
      fingerprint_(fingerprint_of(weights_.tensors, weights_.sizes, weights_.form) +
                   fingerprint_suffix(weights_.preprocess)),
      precision_(precision) {
  require<FormatError>(tokenizer_.size() <= weights_.sizes.vocabulary, "the tokenizer has ", tokenizer_.size(),
                       " tokens, token_embedding.weight has ", weights_.sizes.vocabulary,
                       " rows: they belong to different models");
  const auto bias = weights_.tensors.find("logit_bias");
  require<FormatError>(bias == weights_.tensors.end() || (bias->second.numel() == 1 && std::isfinite(logit_bias())),
                       "logit_bias of the checkpoint is not a finite number; expected one, -10 before training");
  weights_.preprocess.resolution = static_cast<int>(weights_.sizes.resolution);
  check(weights_.preprocess);
}

MAO_INLINE Siglip Siglip::load(const std::filesystem::path& path, const Options& options) {
  return Siglip(SiglipParts::of(read_clip_weights(path), path, options), options.precision);
}

MAO_INLINE Tensor Siglip::embed(const Tensor& ids) const { return at::embedding(tokens_, ids); }

MAO_INLINE Tensor Siglip::encode_image(const Tensor& pixels, const ImagePrompts& prompts) const {
  const bool differentiated = at::GradMode::is_enabled() && (pixels.requires_grad() || prompts.requires_grad());
  if (differentiated) return vision_.encode(pixels, prompts);
  return detail::encode_in_parts(pixels, detail::few_images,
                                 [&](const Tensor& part) { return vision_.encode(part, prompts); });
}

MAO_INLINE TowerSizes Siglip::towers() const {
  const ClipArchitecture& sizes = weights_.sizes;
  return {.text_width = sizes.text_width,
          .text_layers = sizes.text_layers,
          .vision_width = sizes.vision_width,
          .vision_layers = sizes.vision_layers};
}

MAO_INLINE double Siglip::logit_scale() const { return std::exp(weights_.tensors.at("logit_scale").item<double>()); }

MAO_INLINE double Siglip::logit_bias() const {
  const auto found = weights_.tensors.find("logit_bias");
  return found == weights_.tensors.end() ? 0.0 : found->second.item<double>();
}

}  // namespace mao
