// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CLIP with a ResNet image tower.

#include <cstddef>
#include <filesystem>
#include <utility>

#include <mao/models/clip_text.hpp>
#include <mao/models/resnet_tower.hpp>

namespace mao {

/// A frozen CLIP with a ResNet image tower: RN50, RN101, RN50x4, RN50x16, RN50x64 (Radford et al., arXiv 2103.00020).
///
/// Its image tower does not support prompts, so it is a `VisionLanguageModel` without `PromptedTowers` and works only
/// with methods that tune the text context.
class ResNetClip : public ClipText {
 public:
  using Options = ClipOptions;

  /// **Throws** `FormatError` for weights with another image tower.
  explicit ResNetClip(ClipParts parts, Precision precision = Precision::Fp32);

  /// Reads a checkpoint file or folder and finds its vocabulary. **Throws** as `ClipParts::load`.
  static ResNetClip load(const std::filesystem::path& path, const Options& options = {});

  /// **Shapes** [B, 3, R, R] -> [B, D], not normalised. Encodes a few images at a time, which limits the memory.
  [[nodiscard]] Tensor encode_image(const Tensor& pixels) const;

  /// Limits the memory that a pass of the text tower keeps for its backward pass.
  void limit_kept(std::size_t bytes) { limit_text(bytes); }

  [[nodiscard]] const ResNetTower& image_tower() const { return images_; }

 private:
  ResNetTower images_;
};

static_assert(VisionLanguageModel<ResNetClip> && !PromptedTowers<ResNetClip>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/resnet_clip.ipp>
#endif
