// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/bert_clip.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/detail/own_gradient.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/models/detail/image_parts.hpp>
#include <mao/models/fingerprint.hpp>
#include <mao/text/detail/word_piece_settings.hpp>

namespace mao::detail {

/// **Throws** `FormatError` for weights of another model.
MAO_INLINE ClipWeights with_bert(ClipWeights weights) {
  require<FormatError>(weights.form.text_bert,
                       "the checkpoint's text tower is not a BERT; expected a BiomedCLIP (in C++ Clip, ResNetClip or "
                       "Siglip reads it)");
  require<FormatError>(!weights.sizes.is_resnet(),
                       "the checkpoint has a ResNet beside its BERT; expected a ViT, as in BiomedCLIP");
  return weights;
}

/// The tokenizer in a folder, or in one of the two files. Where a folder has both, they must hold the same tokens.
MAO_INLINE WordPiece word_piece_of(const std::filesystem::path& files, const std::filesystem::path& model) {
  const bool folder = std::filesystem::is_directory(files);
  const auto beside = folder ? files : files.parent_path();
  const bool text = std::filesystem::exists(beside / "vocab.txt"),
             json = std::filesystem::exists(beside / "tokenizer.json");
  require<FileError>(folder ? text || json : std::filesystem::exists(files), model.string(),
                     ": its texts are read by a BERT, whose tokenizer is not at ", files.string(),
                     "; put vocab.txt or tokenizer.json of its hf_tokenizer_name beside the checkpoint, or say --vocab "
                     "PATH (in C++ BertClipOptions::vocabulary)");
  check_word_piece_settings(beside);
  WordPiece tokenizer = WordPiece::load(files);
  require<FormatError>(!folder || !text || !json || tokenizer == WordPiece::load(beside / "tokenizer.json"),
                       beside.string(),
                       ": vocab.txt and tokenizer.json hold different tokens; expected those of one "
                       "tokenizer");
  return tokenizer;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE BertClipParts BertClipParts::of(ClipWeights weights, const std::filesystem::path& path,
                                           const BertClipOptions& options) {
  require<FormatError>(weights.form.text_bert, path.string(), " has no BERT as text tower, expected a BiomedCLIP (in ",
                       "C++ ", weights.pieces.empty() ? "Clip" : "Siglip", " reads it)");
  ask_normalisation(weights, options.mean, options.deviation);
  const auto folder = std::filesystem::is_directory(path) ? path : path.parent_path();
  auto tokenizer = detail::word_piece_of(options.vocabulary.empty() ? folder : options.vocabulary, path);
  require<FormatError>(tokenizer.padding_token() == weights.form.text_padding, path.string(), ": [PAD] is token ",
                       tokenizer.padding_token(), " of the tokenizer, but the model masks token ",
                       weights.form.text_padding, ": they belong to different models");
  return {std::move(weights), std::move(tokenizer)};
}

MAO_INLINE BertClip::BertClip(BertClipParts parts, Precision precision)
    : weights_(detail::with_bert(std::move(parts.weights))),
      tokenizer_(std::move(parts.tokenizer)),
      cleaning_(piece_cleaning(weights_.words.empty() ? "whitespace" : weights_.words)),
      text_(weights_.tensors, weights_.sizes, weights_.form, precision),
      vision_(weights_.tensors, weights_.sizes, weights_.form, precision),
      fingerprint_(fingerprint_of(weights_.tensors, weights_.sizes, weights_.form) + "-vocabulary-" +
                   tokenizer_.fingerprint() + fingerprint_suffix(weights_.preprocess)),
      precision_(precision) {
  require<FormatError>(tokenizer_.size() <= weights_.sizes.vocabulary, "the tokenizer has ", tokenizer_.size(),
                       " tokens, the word embeddings have ", weights_.sizes.vocabulary,
                       " rows: they belong to different models");
  weights_.preprocess.resolution = static_cast<int>(weights_.sizes.resolution);
  check(weights_.preprocess);
}

MAO_INLINE BertClip BertClip::load(const std::filesystem::path& path, const Options& options) {
  return BertClip(BertClipParts::of(read_clip_weights(path), path, options), options.precision);
}

MAO_INLINE std::vector<std::int64_t> BertClip::tokenize(const std::string& text) const {
  auto ids = tokenizer_.encode_bare(detail::cleaned_for_pieces(text, cleaning_));
  require<DataError>(std::ranges::find(ids, tokenizer_.padding_token()) == ids.end(), "the text '", printable(text),
                     "' holds [PAD], which the text tower masks; remove it");
  return ids;
}

MAO_INLINE Tensor BertClip::encode_image(const Tensor& pixels) const {
  if (is_differentiated(pixels)) return vision_.encode(pixels);
  return detail::encode_in_parts(pixels, detail::few_images, [&](const Tensor& part) { return vision_.encode(part); });
}

MAO_INLINE double BertClip::logit_scale() const { return std::exp(weights_.tensors.at("logit_scale").item<double>()); }

}  // namespace mao
