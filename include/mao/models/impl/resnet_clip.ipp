// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/resnet_clip.hpp>

#include <mao/config.hpp>
#include <mao/models/detail/image_parts.hpp>

namespace mao::detail {

MAO_INLINE ClipParts with_resnet(ClipParts parts) {
  require<FormatError>(parts.weights.sizes.is_resnet(),
                       "the checkpoint has a ViT image tower; expected a ResNet (in C++ Clip reads it)");
  return parts;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE ResNetClip::ResNetClip(ClipParts parts, Precision precision)
    : ClipText(detail::with_resnet(std::move(parts)), precision),
      images_(weights().tensors, weights().sizes, weights().form, precision) {}

MAO_INLINE ResNetClip ResNetClip::load(const std::filesystem::path& path, const Options& options) {
  ResNetClip clip(ClipParts::load(path, options), options.precision);
  clip.limit_kept(options.kept_limit);
  return clip;
}

MAO_INLINE Tensor ResNetClip::encode_image(const Tensor& pixels) const {
  return detail::encode_in_parts(pixels, detail::few_images, [&](const Tensor& part) { return images_.encode(part); });
}

}  // namespace mao
