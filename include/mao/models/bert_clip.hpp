// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A CLIP whose texts are read by a BERT, such as BiomedCLIP: both towers, the tokenizer, and the settings of the
/// checkpoint.

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <mao/models/bert_text_tower.hpp>
#include <mao/models/concepts.hpp>
#include <mao/models/vision_tower.hpp>
#include <mao/models/weights.hpp>
#include <mao/text/piece_tokenizer.hpp>
#include <mao/text/word_piece.hpp>

namespace mao {

/// Settings for loading a checkpoint.
struct BertClipOptions {
  std::filesystem::path vocabulary;  ///< vocab.txt, tokenizer.json or their folder; beside the checkpoint when empty
  std::optional<std::array<float, 3>> mean{}, deviation{};  ///< of the pixels, instead of the file's
  Precision precision = Precision::Fp32;                    ///< of the towers
};

/// Weights and tokenizer of a checkpoint, read once.
struct BertClipParts {
  ClipWeights weights;
  WordPiece tokenizer;

  /// Finds the tokenizer of weights that were read from `path`. Every setting of its files is used or refused.
  ///
  /// **Throws** `FileError`, `FormatError`, `OptionError`; `FormatError` for weights with another text tower.
  static BertClipParts of(ClipWeights weights, const std::filesystem::path& path, const BertClipOptions& options = {});
};

/// A frozen pair of a ViT and an uncased BERT in open_clip's layout: BiomedCLIP (Zhang et al., arXiv 2303.00915), with
/// PubMedBERT and a context of 256 tokens.
///
/// Rows are `[CLS]`, the pieces of the text, `[SEP]`. A learned context stands behind `[CLS]`, at the embeddings. The
/// text tower takes no prompts in its layers, so this is a `VisionLanguageModel` without `PromptedTowers` and works
/// only with methods that tune the text context.
class BertClip {
 public:
  using Options = BertClipOptions;

  /// **Throws** `FormatError` for weights with another text tower or a ResNet, and for a tokenizer of another model.
  explicit BertClip(BertClipParts parts, Precision precision = Precision::Fp32);

  /// Reads the folder of a checkpoint: weights, `open_clip_config.json`, and `vocab.txt` or `tokenizer.json`.
  /// **Throws** as `prepare_clip_weights` and `BertClipParts::of`.
  static BertClip load(const std::filesystem::path& path, const Options& options = {});

  /// The ids of `text`, cleaned as open_clip does, without start and end. **Throws** `DataError` if the text contains
  /// the padding token, which the text tower would not see.
  [[nodiscard]] std::vector<std::int64_t> tokenize(const std::string& text) const;
  [[nodiscard]] std::int64_t start_token() const { return tokenizer_.start_token(); }
  [[nodiscard]] std::int64_t end_token() const { return tokenizer_.end_token(); }
  [[nodiscard]] std::int64_t context_length() const { return text_.context_length(); }

  /// Word embeddings without positions. **Shapes** ids [...] -> [..., W].
  [[nodiscard]] Tensor embed(const Tensor& ids) const { return text_.embed(ids); }

  /// **Shape** [R, D], not normalised.
  [[nodiscard]] Tensor encode_text(const TextBatch& batch) const { return text_.encode(batch); }

  /// **Shapes** [B, 3, R, R] -> [B, D], not normalised. Encodes a few images at a time, which limits the memory.
  [[nodiscard]] Tensor encode_image(const Tensor& pixels) const;

  [[nodiscard]] double logit_scale() const;  ///< exp of the stored logit scale
  [[nodiscard]] const Preprocess& preprocess() const { return weights_.preprocess; }
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }

  [[nodiscard]] Precision precision() const { return precision_; }
  [[nodiscard]] const BertTextTower& text_tower() const { return text_; }
  [[nodiscard]] const VisionTower& vision_tower() const { return vision_; }
  [[nodiscard]] const WordPiece& tokenizer() const { return tokenizer_; }
  [[nodiscard]] const ClipWeights& weights() const { return weights_; }

 private:
  ClipWeights weights_;
  WordPiece tokenizer_;
  PieceCleaning cleaning_;
  BertTextTower text_;
  VisionTower vision_;
  std::string fingerprint_;
  Precision precision_;
};

static_assert(VisionLanguageModel<BertClip> && !PromptedTowers<BertClip>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/bert_clip.ipp>
#endif
