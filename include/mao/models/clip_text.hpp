// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The parts that every CLIP with OpenAI's text tower has: tokenizer, text tower, logit scale, and the settings of the
/// checkpoint.

#include <array>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <mao/models/concepts.hpp>
#include <mao/models/text_tower.hpp>
#include <mao/models/weights.hpp>
#include <mao/text/bpe.hpp>

namespace mao {

/// Settings for loading a checkpoint.
struct ClipOptions {
  std::filesystem::path vocabulary;      ///< BPE merges; if empty, they are searched for (text/vocabulary.hpp)
  std::optional<Activation> activation;  ///< if not given, from the checkpoint
  std::optional<ClipForm> form{};        ///< instead of the configuration file beside the checkpoint
  std::optional<ClipHeads> heads{};      ///< if neither the file nor the configuration gives them
  std::optional<std::array<float, 3>> mean{}, deviation{};  ///< of the pixels, instead of the file's
  Precision precision = Precision::Fp32;                    ///< of the towers
  /// Limit of the bytes that a pass of a tower keeps for its backward pass; see TextTower::limit_kept.
  std::size_t kept_limit = std::numeric_limits<std::size_t>::max();
  std::optional<TextCleaning> cleaning{};  ///< the library whose tokenizer is used; if not given, from the checkpoint
};

/// Weights and tokenizer of a checkpoint with any image tower.
struct ClipParts {
  ClipWeights weights;
  ClipTokenizer tokenizer;

  /// Reads a checkpoint file or folder and finds its vocabulary.
  ///
  /// **Throws** `FileError`, `FormatError`, `OptionError`; see `prepare_clip_weights`.
  static ClipParts load(const std::filesystem::path& path, const ClipOptions& options = {});
  /// The same of weights that were read from `path`. **Throws** `FormatError` for those of a SigLIP.
  static ClipParts of(ClipWeights weights, const std::filesystem::path& path, const ClipOptions& options = {});
};

/// The text part of a `VisionLanguageModel`.
class ClipText {
 public:
  /// **Throws** `FormatError` for a tokenizer of another model.
  ClipText(ClipParts parts, Precision precision);

  /// The ids of `text`, cleaned as in the checkpoint's library, without start and end. **Throws** `DataError` if the
  /// text contains the end-of-text token.
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

  /// exp of the stored logit scale: 100 for OpenAI's models.
  [[nodiscard]] double logit_scale() const;
  [[nodiscard]] const Preprocess& preprocess() const { return weights_.preprocess; }
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }

  [[nodiscard]] Precision precision() const { return precision_; }
  [[nodiscard]] const TextTower& text_tower() const { return text_; }
  [[nodiscard]] const ClipTokenizer& tokenizer() const { return tokenizer_; }
  [[nodiscard]] const ClipWeights& weights() const { return weights_; }

 protected:
  void limit_text(std::size_t bytes) { text_.limit_kept(bytes); }

 private:
  ClipWeights weights_;
  ClipTokenizer tokenizer_;
  TextTower text_;
  Tensor tokens_;  // [vocabulary, W]
  std::string fingerprint_;
  Precision precision_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/clip_text.ipp>
#endif
