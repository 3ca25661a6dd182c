// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/clip_model.hpp>

#include <utility>

#include <ATen/core/grad_mode.h>

#include <mao/config.hpp>
#include <mao/models/detail/image_parts.hpp>

namespace mao::detail {

MAO_INLINE ClipParts with_vit(ClipParts parts) {
  require<FormatError>(!parts.weights.sizes.is_resnet(),
                       "the checkpoint has a ResNet image tower; expected a ViT (in C++ ResNetClip reads it)");
  return parts;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Clip::Clip(ClipParts parts, Precision precision)
    : ClipText(detail::with_vit(std::move(parts)), precision),
      vision_(weights().tensors, weights().sizes, weights().form, precision) {}

MAO_INLINE Clip Clip::load(const std::filesystem::path& path, const Options& options) {
  Clip clip(ClipParts::load(path, options), options.precision);
  clip.limit_kept(options.kept_limit);
  return clip;
}

MAO_INLINE Tensor Clip::encode_image(const Tensor& pixels, const ImagePrompts& prompts) const {
  const bool differentiated = at::GradMode::is_enabled() && (pixels.requires_grad() || prompts.requires_grad());
  if (differentiated) return vision_.encode(pixels, prompts);
  return detail::encode_in_parts(pixels, detail::few_images,
                                 [&](const Tensor& part) { return vision_.encode(part, prompts); });
}

MAO_INLINE TowerSizes Clip::towers() const {
  const ClipArchitecture& sizes = weights().sizes;
  return {.text_width = sizes.text_width,
          .text_layers = sizes.text_layers,
          .vision_width = sizes.vision_width,
          .vision_layers = sizes.vision_layers};
}

}  // namespace mao
