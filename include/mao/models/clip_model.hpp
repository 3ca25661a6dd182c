// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CLIP: both towers, the tokenizer, and what was inferred about the checkpoint.

#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <mao/models/concepts.hpp>
#include <mao/models/text_tower.hpp>
#include <mao/models/vision_tower.hpp>
#include <mao/models/weights.hpp>
#include <mao/text/bpe.hpp>

namespace mao {

/// What may be said about a checkpoint.
struct ClipOptions {
  std::filesystem::path vocabulary;       ///< BPE merges; looked for when empty (text/vocabulary.hpp)
  std::optional<Activation> activation;   ///< decided by the source when not given
  std::optional<ClipForm> form{};         ///< in place of the configuration file beside the checkpoint
  std::optional<ClipHeads> heads{};       ///< in place of what the file or the configuration says
  std::optional<std::array<float, 3>> mean{}, deviation{};  ///< of the pixels, in place of the file's
  Precision precision = Precision::Fp32;                    ///< of the towers
  /// Bytes that a pass of a tower may keep for its backward pass; see TextTower::limit_kept.
  std::size_t kept_limit = std::numeric_limits<std::size_t>::max();
  std::optional<TextCleaning> cleaning{};  ///< whose tokenizer reads texts; decided by the source when not given
};

/// A frozen CLIP with a ViT image tower (Radford et al., arXiv 2103.00020).
class Clip {
 public:
  using Options = ClipOptions;

  Clip(ClipWeights weights, ClipTokenizer tokenizer, Precision precision = Precision::Fp32);

  /// Reads a checkpoint file or folder and finds its vocabulary.
  ///
  /// **Throws** `FileError`, `FormatError`, `OptionError`; see `prepare_clip_weights`.
  static Clip load(const std::filesystem::path& path, const Options& options = {});

  /// The ids of `text`, cleaned as the checkpoint's library does, without start and end. **Throws** `DataError` for a
  /// text that holds the end-of-text token.
  [[nodiscard]] std::vector<std::int64_t> tokenize(const std::string& text) const;
  [[nodiscard]] std::int64_t start_token() const { return tokenizer_.start_token(); }
  [[nodiscard]] std::int64_t end_token() const { return tokenizer_.end_token(); }
  [[nodiscard]] std::int64_t context_length() const { return text_.context_length(); }

  /// Token embeddings without positions. **Shapes** ids [...] -> [..., W].
  [[nodiscard]] Tensor embed(const Tensor& ids) const;

  /// **Shape** [R, D], not normalised.
  [[nodiscard]] Tensor encode_text(const TextBatch& batch, const BlockPrompts& prompts = {}) const {
    return text_.encode(batch, prompts);
  }

  /// **Shapes** [B, 3, R, R] -> [B, D], not normalised. Without a gradient to keep it works on few images at a time,
  /// which is faster and bounds the memory.
  [[nodiscard]] Tensor encode_image(const Tensor& pixels, const ImagePrompts& prompts = {}) const;

  /// exp of the stored logit scale: 100 for OpenAI's models.
  [[nodiscard]] double logit_scale() const;
  [[nodiscard]] const Preprocess& preprocess() const { return weights_.preprocess; }
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }
  [[nodiscard]] TowerSizes towers() const;

  /// Bounds what a pass of either tower keeps for its backward pass.
  void limit_kept(std::size_t bytes) {
    text_.limit_kept(bytes);
    vision_.limit_kept(bytes);
  }

  [[nodiscard]] Precision precision() const { return precision_; }
  [[nodiscard]] const TextTower& text_tower() const { return text_; }
  [[nodiscard]] const VisionTower& vision_tower() const { return vision_; }
  [[nodiscard]] const ClipTokenizer& tokenizer() const { return tokenizer_; }
  [[nodiscard]] const ClipWeights& weights() const { return weights_; }

 private:
  ClipWeights weights_;
  ClipTokenizer tokenizer_;
  TextTower text_;
  VisionTower vision_;
  Tensor tokens_;  // [vocabulary, W]
  std::string fingerprint_;
  Precision precision_;
};

static_assert(VisionLanguageModel<Clip> && PromptedTowers<Clip>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/clip_model.ipp>
#endif
