// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CLIP: both towers, the tokenizer, and what was inferred about the checkpoint.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>

#include <mao/models/concepts.hpp>
#include <mao/models/fingerprint.hpp>
#include <mao/models/text_tower.hpp>
#include <mao/models/vision_tower.hpp>
#include <mao/models/weights.hpp>
#include <mao/text/bpe.hpp>
#include <mao/text/vocabulary.hpp>

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

  Clip(ClipWeights weights, ClipTokenizer tokenizer, Precision precision = Precision::Fp32)
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

  /// Reads a checkpoint file or folder and finds its vocabulary.
  ///
  /// **Throws** `FileError`, `FormatError`, `OptionError`; see `prepare_clip_weights`.
  static Clip load(const std::filesystem::path& path, const Options& options = {}) {
    ClipWeights weights = read_clip_weights(path, options.activation, options.form, options.heads);
    ask_normalisation(weights, options.mean, options.deviation);
    if (options.cleaning) weights.cleaning = *options.cleaning;
    auto tokenizer = ClipTokenizer::load(find_clip_vocabulary(options.vocabulary, path), weights.cleaning);
    Clip clip(std::move(weights), std::move(tokenizer), options.precision);
    clip.limit_kept(options.kept_limit);
    return clip;
  }

  /// The ids of `text`, cleaned as the checkpoint's library does, without start and end. **Throws** `DataError` for a
  /// text that holds the end-of-text token.
  [[nodiscard]] std::vector<std::int64_t> tokenize(const std::string& text) const {
    auto ids = tokenizer_.encode(text);
    require<DataError>(
        std::find(ids.begin(), ids.end(), tokenizer_.end_token()) == ids.end(), "the text '", printable(text),
        "' holds the end-of-text token, at which a CLIP's text tower is read out, so the rest of it would "
        "count for nothing; take it out");
    return ids;
  }
  [[nodiscard]] std::int64_t start_token() const { return tokenizer_.start_token(); }
  [[nodiscard]] std::int64_t end_token() const { return tokenizer_.end_token(); }
  [[nodiscard]] std::int64_t context_length() const { return text_.context_length(); }

  /// Token embeddings without positions. **Shapes** ids [...] -> [..., W].
  [[nodiscard]] Tensor embed(const Tensor& ids) const { return at::embedding(tokens_, ids); }

  /// **Shape** [R, D], not normalised.
  [[nodiscard]] Tensor encode_text(const TextBatch& batch, const BlockPrompts& prompts = {}) const {
    return text_.encode(batch, prompts);
  }

  /// **Shapes** [B, 3, R, R] -> [B, D], not normalised. Without a gradient to keep it works on few images at a time,
  /// which is faster and bounds the memory.
  [[nodiscard]] Tensor encode_image(const Tensor& pixels, const ImagePrompts& prompts = {}) const {
    constexpr std::int64_t few = 8;
    const bool differentiated = at::GradMode::is_enabled() && (pixels.requires_grad() || prompts.requires_grad());
    if (pixels.size(0) <= few || differentiated) return vision_.encode(pixels, prompts);
    std::vector<Tensor> parts;
    for (const Tensor& part : pixels.split(few)) parts.push_back(vision_.encode(part, prompts));
    return at::cat(parts);
  }

  /// exp of the stored logit scale: 100 for OpenAI's models.
  [[nodiscard]] double logit_scale() const { return std::exp(weights_.tensors.at("logit_scale").item<double>()); }
  [[nodiscard]] const Preprocess& preprocess() const { return weights_.preprocess; }
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }
  [[nodiscard]] TowerSizes towers() const {
    return {.text_width = weights_.sizes.text_width,
            .text_layers = weights_.sizes.text_layers,
            .vision_width = weights_.sizes.vision_width,
            .vision_layers = weights_.sizes.vision_layers};
  }

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
