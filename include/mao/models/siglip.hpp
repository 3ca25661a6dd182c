// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// SigLIP and SigLIP 2 of one resolution: both towers, the tokenizer, and what was decided about the checkpoint.

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <mao/models/concepts.hpp>
#include <mao/models/text_tower.hpp>
#include <mao/models/vision_tower.hpp>
#include <mao/models/weights.hpp>
#include <mao/text/piece_tokenizer.hpp>

namespace mao {

/// What may be said about a checkpoint.
struct SiglipOptions {
  std::filesystem::path
      vocabulary;  ///< `spiece.model`, `tokenizer.json` or their folder; beside the checkpoint when empty
  std::optional<std::array<float, 3>> mean{}, deviation{};  ///< of the pixels, in place of the file's
  Precision precision = Precision::Fp32;                    ///< of the towers
};

/// Weights and tokenizer of a checkpoint, read once.
struct SiglipParts {
  ClipWeights weights;
  PieceTokenizer tokenizer;

  /// Finds the tokenizer of weights that were read from `path`. **Throws** `FileError`, `FormatError`, `OptionError`.
  static SiglipParts of(ClipWeights weights, const std::filesystem::path& path, const SiglipOptions& options = {});
};

/// A frozen SigLIP (Zhai et al., arXiv 2303.15343) or SigLIP 2 (Tschannen et al., arXiv 2502.14786). Both towers take
/// prompts.
///
/// Rows of text have no start token and no mask, are padded to the context length and read at their last position, so
/// nothing can be computed once for rows with a common prefix. A learned context stands at positions 0 to n - 1. The
/// image tower pools by attention to the patches; prompts are not among them, but the patches see them in every block.
///
/// A pair's logit is logit_scale() * cosine + logit_bias(). A softmax over classes does not see the bias, so methods
/// and regularizers, which compare candidates by a softmax, do without it.
class Siglip {
 public:
  using Options = SiglipOptions;

  /// **Throws** `FormatError` for weights of a CLIP and for a tokenizer of another model.
  explicit Siglip(SiglipParts parts, Precision precision = Precision::Fp32);

  /// Reads a checkpoint file or folder with its configuration and tokenizer: a SiglipModel of Hugging Face, or a SigLIP
  /// of open_clip. **Throws** as `prepare_clip_weights` and `SiglipParts::of`.
  static Siglip load(const std::filesystem::path& path, const Options& options = {});

  /// The ids of `text`, cleaned as the checkpoint's library does, without the end token.
  [[nodiscard]] std::vector<std::int64_t> tokenize(const std::string& text) const { return tokenizer_.encode(text); }
  [[nodiscard]] std::int64_t start_token() const { return -1; }  ///< none
  [[nodiscard]] std::int64_t end_token() const { return tokenizer_.end_token(); }
  [[nodiscard]] std::int64_t context_length() const { return text_.context_length(); }

  /// Token embeddings without positions. **Shapes** ids [...] -> [..., W].
  [[nodiscard]] Tensor embed(const Tensor& ids) const;

  /// **Shape** [R, D], not normalised.
  [[nodiscard]] Tensor encode_text(const TextBatch& batch, const BlockPrompts& prompts = {}) const {
    return text_.encode(batch, prompts);
  }

  /// **Shapes** [B, 3, R, R] -> [B, D], not normalised. Works on few images at a time, unless there is a gradient to
  /// keep.
  [[nodiscard]] Tensor encode_image(const Tensor& pixels, const ImagePrompts& prompts = {}) const;

  [[nodiscard]] TowerSizes towers() const;

  [[nodiscard]] double logit_scale() const;  ///< exp of what the file holds: about 117 for published models
  [[nodiscard]] double logit_bias() const;   ///< about -13 for published models
  [[nodiscard]] const Preprocess& preprocess() const { return weights_.preprocess; }
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }

  [[nodiscard]] Precision precision() const { return precision_; }
  [[nodiscard]] const TextTower& text_tower() const { return text_; }
  [[nodiscard]] const VisionTower& vision_tower() const { return vision_; }
  [[nodiscard]] const PieceTokenizer& tokenizer() const { return tokenizer_; }
  [[nodiscard]] const ClipWeights& weights() const { return weights_; }

 private:
  ClipWeights weights_;
  PieceTokenizer tokenizer_;
  TextTower text_;
  VisionTower vision_;
  Tensor tokens_;  // [vocabulary, W]
  std::string fingerprint_;
  Precision precision_;
};

static_assert(VisionLanguageModel<Siglip> && PromptedTowers<Siglip>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/siglip.ipp>
#endif
