// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The words that a learned context stands for, and what it starts from.

#include <string>
#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <mao/core/random.hpp>
#include <mao/models/concepts.hpp>

namespace mao {

/// A tensor of independent normal draws, in row-major order.
Tensor normal_tensor(const std::vector<std::int64_t>& shape, double deviation, Rng rng);

/// The words that a prompt is built around.
struct ContextPhrase {
  std::string prefix;        ///< what stands before the class name: a phrase, or one placeholder word a context vector
  std::int64_t length = 0;   ///< n, context vectors: the first n tokens of the phrase are learned, the others stay
  std::int64_t unnamed = 0;  ///< the first vectors, which have a placeholder instead of a word
  static constexpr const char* fields[] = {"prefix", "length", "unnamed"};

  /// `n` placeholders ("X X X X"), for a random start.
  static ContextPhrase placeholders(std::int64_t n);

  /// A phrase such as "a photo of a": as many vectors as it has words. Underscores become spaces.
  static ContextPhrase words(const std::string& text);

  /// What CoOp starts from: a phrase, or `n` placeholders when it is empty.
  ///
  /// **Throws** `OptionError` for a context of no vectors.
  static ContextPhrase start(const std::string& text, std::int64_t n) {
    return text.empty() ? first_words(text, n) : words(text);
  }

  /// A phrase of which the first `n` words are learned (MaPLe: "a photo" of "a photo of a"), or `n` placeholders when
  /// it is empty or has fewer words.
  static ContextPhrase first_words(const std::string& text, std::int64_t n);

  /// The phrase in the last of `n` vectors, behind placeholders that start from zero (ProGrad).
  ///
  /// **Throws** `OptionError` when it has more words than vectors.
  static ContextPhrase last_words(const std::string& text, std::int64_t n);

  /// Whether it consists of placeholders, so that the context starts at random.
  [[nodiscard]] bool random() const { return unnamed == length; }
};

/// The width of the text tower's tokens, W.
template <VisionLanguageModel ModelT>
std::int64_t text_width(const ModelT& model) {
  return model.embed(at::tensor(std::vector<std::int64_t>{model.start_token()})).size(-1);
}

/// The token embeddings of a phrase, to start the context from; zeros for placeholders. **Shape** [n, W].
///
/// As in CoOp the first n tokens are taken; every word of the phrase is assumed to be one token.
template <VisionLanguageModel ModelT>
Tensor phrase_embedding(const ModelT& model, const ContextPhrase& phrase) {
  const auto tokens = model.tokenize(phrase.prefix);
  require<OptionError>(static_cast<std::int64_t>(tokens.size()) >= phrase.length, "the context \"", phrase.prefix,
                       "\" has ", tokens.size(), " tokens for ", phrase.length,
                       " words; use single spaces between words");
  Tensor start = model.embed(at::tensor(std::vector<std::int64_t>(tokens.begin(), tokens.begin() + phrase.length)));
  if (phrase.unnamed == 0) return start;
  return at::cat({at::zeros_like(start.narrow(0, 0, phrase.unnamed)),
                  start.narrow(0, phrase.unnamed, phrase.length - phrase.unnamed)});
}

/// The context that a phrase starts from: its words' embeddings, or normal (0, 0.02) vectors. **Shape** [n, W].
template <VisionLanguageModel ModelT>
Tensor initial_context(const ModelT& model, const ContextPhrase& phrase, const Rng& rng) {
  if (!phrase.random()) return phrase_embedding(model, phrase);
  return normal_tensor({phrase.length, text_width(model)}, 0.02, rng["context"]);
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/impl/phrase.ipp>
#endif
