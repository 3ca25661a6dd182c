// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A vision-language model out of two that never met: an ImageNet classifier and a sentence encoder.
///
/// An image is described by the sentences "a photo of a NAME" of its ten likeliest ImageNet classes, weighted by their
/// probabilities, so that images and texts lie in the space of the sentence encoder.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/softmax.h>

#include <mao/core/detail/ops.hpp>
#include <mao/io/text_file.hpp>
#include <mao/models/concepts.hpp>
#include <mao/models/fingerprint.hpp>
#include <mao/models/mobilenet_v2.hpp>
#include <mao/text/mini_lm.hpp>

namespace mao {

/// Class names from lines `wnid name`, in label order.
///
/// **Throws** `FileError`; `FormatError` naming a line without a name.
inline std::vector<std::string> read_imagenet_names(const std::filesystem::path& path) {
  std::vector<std::string> names;
  for (const std::string& line : lines_of(read_utf8_file(path))) {
    const auto space = line.find(' ');
    require<FormatError>(space != std::string::npos && space + 1 < line.size(), path.string(), ", line ",
                         names.size() + 1, ": \"", line,
                         "\", expected an identifier, a space and a name, as in \"n01440764 tench\"");
    names.push_back(line.substr(space + 1));
  }
  return names;
}

/// The names' file inside `folder`, or in the folder text/ beside it.
inline std::filesystem::path find_imagenet_names(const std::filesystem::path& folder) {
  const std::string file = "imagenet_classnames.txt";
  const std::filesystem::path inside = folder / file, beside = folder / ".." / "text" / file;
  const bool found = std::filesystem::exists(inside) || std::filesystem::exists(beside);
  require<FileError>(found, "the names of the ImageNet classes were found neither at ", inside.string(), " nor at ",
                     beside.string(), "; put ", file,
                     " (lines \"wnid name\" in label order) into the folder of the weights");
  return std::filesystem::exists(inside) ? inside : beside;
}

/// MobileNetV2 beside all-MiniLM-L6-v2.
///
/// With e_i the encoding of "a photo of a NAME_i" and m their mean: the image feature is the sum of p_i (e_i - m) over
/// the ten largest of the classifier's probabilities p, the text feature is the sentence's encoding minus m.
class MobileNetMiniLm {
 public:
  static constexpr std::int64_t likeliest = 10;

  /// `imagenet` names the classifier's classes; where it has one class more, that is the background and comes first.
  MobileNetMiniLm(MobileNetV2 images, MiniLm text, const std::vector<std::string>& imagenet)
      : images_(std::move(images)), text_(std::move(text)) {
    require<DataError>(static_cast<std::int64_t>(imagenet.size()) >= likeliest, "MobileNetMiniLm: ", imagenet.size(),
                       " ImageNet names, expected at least ", likeliest, " (1000 for MobileNetV2)");
    std::vector<std::string> sentences;
    for (const std::string& name : imagenet) sentences.push_back("a photo of a " + name);
    const Tensor encoded = text_.encode(sentences);
    mean_ = encoded.mean(0);
    directions_ = encoded - mean_;
    const auto empty = text_.tokenizer().encode("");
    start_ = empty.front();
    end_ = empty.back();
    fingerprint_ = images_.fingerprint() + "-" + fingerprint_of({{"directions", directions_}, {"mean", mean_}});
    if (text_.precision() != Precision::Fp32) fingerprint_ += "-" + to_string(text_.precision());
  }

  /// `weights` is the folder of MobileNetV2's two files; see `find_imagenet_names` for the third. An empty `mini_lm` is
  /// searched for (text/vocabulary.hpp). `precision` is that of the sentence encoder; the classifier computes in fp32.
  ///
  /// **Throws** `FileError`, `FormatError`, `ShapeError`.
  static MobileNetMiniLm load(const std::filesystem::path& weights, const std::filesystem::path& mini_lm = {},
                              Precision precision = Precision::Fp32) {
    return MobileNetMiniLm(MobileNetV2::load(weights), MiniLm::load(mini_lm, precision),
                           read_imagenet_names(find_imagenet_names(weights)));
  }

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
  /// Every token sees every other, so nothing can be computed once for a shared prefix: rows are written out in full.
  [[nodiscard]] Tensor encode_text(const TextBatch& batch) const {
    batch.check();
    const std::int64_t shared = batch.prefix.size(1), groups = batch.prefix.size(0);
    std::vector<std::int64_t> order, offsets{0};  // rows of [all prefixes; all suffixes]
    for (std::int64_t row = 0; row < batch.rows(); ++row) {
      const auto r = static_cast<std::size_t>(row);
      for (std::int64_t i = 0; i < shared; ++i) order.push_back(batch.group[r] * shared + i);
      for (std::int64_t i = batch.offsets[r]; i < batch.offsets[r + 1]; ++i) order.push_back(groups * shared + i);
      offsets.push_back(static_cast<std::int64_t>(order.size()));
    }
    const Tensor parts = at::cat({batch.prefix.flatten(0, 1), batch.suffix});
    return text_.encode_packed(parts.index_select(0, at::tensor(order).to(parts.device())), offsets) - mean_;
  }

  /// **Shapes** [B, 3, R, R] -> [B, 384], not normalised, without gradient. A few images at a time, which stay in the
  /// cache.
  [[nodiscard]] Tensor encode_image(const Tensor& pixels) const {
    const at::NoGradGuard frozen;
    constexpr std::int64_t few = 4;
    std::vector<Tensor> parts;
    for (const Tensor& part : pixels.split(few)) parts.push_back(describe(images_.classify(part)));
    return at::cat(parts);
  }

  [[nodiscard]] double logit_scale() const { return 30.0; }
  [[nodiscard]] const Preprocess& preprocess() const { return preprocess_; }
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }

  [[nodiscard]] const MiniLm& text_tower() const { return text_; }

 private:
  /// Logits to the weighted sum of directions. **Shapes** [B, classes] -> [B, 384].
  [[nodiscard]] Tensor describe(const Tensor& logits) const {
    const std::int64_t named = directions_.size(0), background = logits.size(1) - named;
    require<DataError>(background == 0 || background == 1, "MobileNetMiniLm: the classifier has ", logits.size(1),
                       " classes, the list of ImageNet names ", named,
                       "; expected as many, or one less (the background)");
    const Tensor probabilities = at::softmax(logits.narrow(1, background, named), 1);
    const auto [weight, winner] = probabilities.topk(likeliest, 1);
    const Tensor described = directions_.index_select(0, winner.flatten()).view({winner.size(0), likeliest, -1});
    return (described * weight.unsqueeze(-1)).sum(1);
  }

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
