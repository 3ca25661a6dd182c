// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A vision-language model of two parts trained separately: an ImageNet classifier and a sentence encoder.
///
/// An image is described by the sentences "a photo of a NAME" of its ten most likely ImageNet classes, weighted by
/// their probabilities, so images and texts are in the space of the sentence encoder.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <mao/models/concepts.hpp>
#include <mao/models/mobilenet_v2.hpp>
#include <mao/text/mini_lm.hpp>

namespace mao {

/// Class names from lines `wnid name`, in label order.
///
/// **Throws** `FileError`; `FormatError` naming a line without a name.
std::vector<std::string> read_imagenet_names(const std::filesystem::path& path);

/// The file of names in `folder`, or in the folder text/ beside it.
std::filesystem::path find_imagenet_names(const std::filesystem::path& folder);

/// MobileNetV2 with all-MiniLM-L6-v2.
///
/// With e_i the encoding of "a photo of a NAME_i" and m their mean: the image feature is the sum of p_i (e_i - m) over
/// the ten largest of the classifier's probabilities p, the text feature is the sentence's encoding minus m.
class MobileNetMiniLm {
 public:
  static constexpr std::int64_t likeliest = 10;

  /// `imagenet` has the names of the classifier's classes; if the classifier has one more, the first is the background.
  MobileNetMiniLm(MobileNetV2 images, MiniLm text, const std::vector<std::string>& imagenet);

  /// `weights` is the folder of MobileNetV2's two files; see `find_imagenet_names` for the third. An empty `mini_lm` is
  /// searched for (text/vocabulary.hpp). `precision` is that of the sentence encoder; the classifier computes in fp32.
  ///
  /// **Throws** `FileError`, `FormatError`, `ShapeError`.
  static MobileNetMiniLm load(const std::filesystem::path& weights, const std::filesystem::path& mini_lm = {},
                              Precision precision = Precision::Fp32);

  [[nodiscard]] std::vector<std::int64_t> tokenize(const std::string& text) const {
    return text_.tokenizer().encode_bare(text);
  }
  [[nodiscard]] std::int64_t start_token() const { return start_; }
  [[nodiscard]] std::int64_t end_token() const { return end_; }
  [[nodiscard]] std::int64_t context_length() const { return text_.max_length(); }

  /// Word embeddings without positions. **Shapes** ids [...] -> [..., 384].
  [[nodiscard]] Tensor embed(const Tensor& ids) const { return text_.embed(ids); }

  /// **Shape** [R, 384], not normalised.
  ///
  /// Every token sees all others, so a shared prefix cannot be computed once: rows are assembled in full.
  [[nodiscard]] Tensor encode_text(const TextBatch& batch) const;

  /// **Shapes** [B, 3, R, R] -> [B, 384], not normalised, without gradient. Encodes a few images at a time, so that
  /// they stay in the cache.
  [[nodiscard]] Tensor encode_image(const Tensor& pixels) const;

  [[nodiscard]] double logit_scale() const { return 30.0; }
  [[nodiscard]] const Preprocess& preprocess() const { return preprocess_; }
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }

  [[nodiscard]] const MiniLm& text_tower() const { return text_; }

 private:
  /// Converts logits to the weighted sum of directions. **Shapes** [B, classes] -> [B, 384].
  [[nodiscard]] Tensor describe(const Tensor& logits) const;

  MobileNetV2 images_;
  MiniLm text_;
  Tensor mean_;        // m [384]
  Tensor directions_;  // e_i - m [1000, 384]
  std::int64_t start_ = 0;
  std::int64_t end_ = 0;
  Preprocess preprocess_{.resolution = 224, .mean = {0.5F, 0.5F, 0.5F}, .deviation = {0.5F, 0.5F, 0.5F}, .resize = 256};
  std::string fingerprint_;
};

static_assert(VisionLanguageModel<MobileNetMiniLm>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/mobilenet_minilm.ipp>
#endif
