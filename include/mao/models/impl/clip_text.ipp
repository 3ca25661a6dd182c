// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/clip_text.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include <ATen/ops/embedding.h>

#include <mao/config.hpp>
#include <mao/core/detail/content_hash.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/models/fingerprint.hpp>
#include <mao/text/vocabulary.hpp>

namespace mao {

MAO_INLINE ClipParts ClipParts::load(const std::filesystem::path& path, const ClipOptions& options) {
  return of(read_clip_weights(path, options.activation, options.form, options.heads), path, options);
}

MAO_INLINE ClipParts ClipParts::of(ClipWeights weights, const std::filesystem::path& path, const ClipOptions& options) {
  require<FormatError>(weights.pieces.empty(), path.string(), " is a SigLIP, expected a CLIP (in C++ Siglip reads it)");
  require<FormatError>(!weights.form.text_bert, path.string(),
                       " has a BERT as text tower, expected CLIP's own (in C++ BertClip reads it)");
  ask_normalisation(weights, options.mean, options.deviation);
  if (options.cleaning) weights.cleaning = *options.cleaning;
  auto tokenizer = ClipTokenizer::load(find_clip_vocabulary(options.vocabulary, path), weights.cleaning);
  return {std::move(weights), std::move(tokenizer)};
}

}  // namespace mao

namespace mao::detail {

/// Prompts are made of ids, so those of another vocabulary are for another model: a hash of merges and ids, and nothing
/// for CLIP's own and the embedded model's.
MAO_INLINE std::string fingerprint_suffix(const ClipTokenizer& tokenizer) {
  ContentHash hash;
  for (const auto& [left, right] : tokenizer.merges()) {
    hash.add(left);
    hash.add(right);
  }
  const ClipTokenizer usual(tokenizer.merges());
  std::vector<std::int64_t> ids(static_cast<std::size_t>(tokenizer.size()));
  std::iota(ids.begin(), ids.end(), 0);
  const auto word = [](const ClipTokenizer& of, const std::int64_t& id) { return of.decode({&id, 1}); };
  const bool in_order = tokenizer.size() == usual.size() && std::ranges::all_of(ids, [&](const std::int64_t& id) {
    return word(tokenizer, id) == word(usual, id);
  });
  constexpr std::array known{"2d4f945b6db3c156", "615447ca3a6eaa40"};  // CLIP's 48,894 merges, the 229 embedded
  if (in_order && std::ranges::find(known, hash.text()) != known.end()) return {};
  for (const std::int64_t& id : ids) {
    if (!in_order) hash.add(word(tokenizer, id));
  }
  return "-vocabulary-" + hash.text();
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE ClipText::ClipText(ClipParts parts, Precision precision)
    : weights_(std::move(parts.weights)),
      tokenizer_(std::move(parts.tokenizer)),
      text_(weights_.tensors, weights_.sizes.text_layers, weights_.form, precision),
      tokens_(weights_.tensors.at("token_embedding.weight")),
      fingerprint_(fingerprint_of(weights_.tensors, weights_.sizes, weights_.form) +
                   detail::fingerprint_suffix(tokenizer_) + fingerprint_suffix(weights_.preprocess)),
      precision_(precision) {
  require<FormatError>(tokenizer_.size() == weights_.sizes.vocabulary, "the tokenizer has ", tokenizer_.size(),
                       " tokens, token_embedding.weight has ", weights_.sizes.vocabulary,
                       " rows: they belong to different models");
  weights_.preprocess.resolution = static_cast<int>(weights_.sizes.resolution);
  check(weights_.preprocess);
}

MAO_INLINE Tensor ClipText::embed(const Tensor& ids) const { return at::embedding(tokens_, ids); }

MAO_INLINE double ClipText::logit_scale() const { return std::exp(weights_.tensors.at("logit_scale").item<double>()); }

MAO_INLINE std::vector<std::int64_t> ClipText::tokenize(const std::string& text) const {
  auto ids = tokenizer_.encode(text);
  require<DataError>(std::find(ids.begin(), ids.end(), tokenizer_.end_token()) == ids.end(), "the text '",
                     printable(text),
                     "' holds the end-of-text token, at which a CLIP's text tower is read out, so the rest of it would "
                     "have no effect; remove it");
  return ids;
}

}  // namespace mao
