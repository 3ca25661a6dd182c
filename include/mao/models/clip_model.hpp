// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CLIP with a ViT: both towers, the tokenizer, and the settings of the checkpoint.

#include <cstddef>
#include <filesystem>

#include <mao/models/clip_text.hpp>
#include <mao/models/vision_tower.hpp>

namespace mao {

/// A frozen CLIP with a ViT image tower (Radford et al., arXiv 2103.00020). Both towers support prompts.
class Clip : public ClipText {
 public:
  using Options = ClipOptions;

  /// **Throws** `FormatError` for weights with another image tower.
  explicit Clip(ClipParts parts, Precision precision = Precision::Fp32);
  Clip(ClipWeights weights, ClipTokenizer tokenizer, Precision precision = Precision::Fp32)
      : Clip(ClipParts{std::move(weights), std::move(tokenizer)}, precision) {}

  /// Reads a checkpoint file or folder and finds its vocabulary. **Throws** as `ClipParts::load`.
  static Clip load(const std::filesystem::path& path, const Options& options = {});

  /// **Shapes** [B, 3, R, R] -> [B, D], not normalised. Without gradients it encodes a few images at a time, which is
  /// faster and limits the memory.
  [[nodiscard]] Tensor encode_image(const Tensor& pixels, const ImagePrompts& prompts = {}) const;

  [[nodiscard]] TowerSizes towers() const;

  /// Limits the memory that a pass of either tower keeps for its backward pass.
  void limit_kept(std::size_t bytes) {
    limit_text(bytes);
    vision_.limit_kept(bytes);
  }

  [[nodiscard]] const VisionTower& vision_tower() const { return vision_; }

 private:
  VisionTower vision_;
};

static_assert(VisionLanguageModel<Clip> && PromptedTowers<Clip>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/clip_model.ipp>
#endif
