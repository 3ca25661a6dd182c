// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/clip_model.hpp>

#include <algorithm>
#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>

#include <mao/config.hpp>
#include <mao/models/fingerprint.hpp>
#include <mao/text/vocabulary.hpp>

namespace mao {

MAO_INLINE Clip::Clip(ClipWeights weights, ClipTokenizer tokenizer, Precision precision)
    : weights_(std::move(weights)),
      tokenizer_(std::move(tokenizer)),
      text_(weights_.tensors, weights_.sizes.text_layers, weights_.form, precision),
      vision_(weights_.tensors, weights_.sizes, weights_.form, precision),
      tokens_(weights_.tensors.at("token_embedding.weight")),
      fingerprint_(fingerprint_of(weights_.tensors, weights_.sizes, weights_.form) +
                   fingerprint_suffix(weights_.preprocess)),
      precision_(precision) {
  require<FormatError>(tokenizer_.size() == weights_.sizes.vocabulary, "the tokenizer has ", tokenizer_.size(),
                       " tokens, token_embedding.weight has ", weights_.sizes.vocabulary,
                       " rows: they belong to different models");
  weights_.preprocess.resolution = static_cast<int>(weights_.sizes.resolution);
  check(weights_.preprocess);
}

MAO_INLINE Clip Clip::load(const std::filesystem::path& path, const Options& options) {
  ClipWeights weights = read_clip_weights(path, options.activation, options.form, options.heads);
  ask_normalisation(weights, options.mean, options.deviation);
  if (options.cleaning) weights.cleaning = *options.cleaning;
  auto tokenizer = ClipTokenizer::load(find_clip_vocabulary(options.vocabulary, path), weights.cleaning);
  Clip clip(std::move(weights), std::move(tokenizer), options.precision);
  clip.limit_kept(options.kept_limit);
  return clip;
}

MAO_INLINE Tensor Clip::embed(const Tensor& ids) const { return at::embedding(tokens_, ids); }

MAO_INLINE double Clip::logit_scale() const { return std::exp(weights_.tensors.at("logit_scale").item<double>()); }

MAO_INLINE std::vector<std::int64_t> Clip::tokenize(const std::string& text) const {
  auto ids = tokenizer_.encode(text);
  require<DataError>(
      std::find(ids.begin(), ids.end(), tokenizer_.end_token()) == ids.end(), "the text '", printable(text),
      "' holds the end-of-text token, at which a CLIP's text tower is read out, so the rest of it would "
      "count for nothing; take it out");
  return ids;
}

MAO_INLINE Tensor Clip::encode_image(const Tensor& pixels, const ImagePrompts& prompts) const {
  constexpr std::int64_t few = 8;
  const bool differentiated = at::GradMode::is_enabled() && (pixels.requires_grad() || prompts.requires_grad());
  if (pixels.size(0) <= few || differentiated) return vision_.encode(pixels, prompts);
  std::vector<Tensor> parts;
  for (const Tensor& part : pixels.split(few)) parts.push_back(vision_.encode(part, prompts));
  return at::cat(parts);
}

MAO_INLINE TowerSizes Clip::towers() const {
  return {.text_width = weights_.sizes.text_width,
          .text_layers = weights_.sizes.text_layers,
          .vision_width = weights_.sizes.vision_width,
          .vision_layers = weights_.sizes.vision_layers};
}

}  // namespace mao
