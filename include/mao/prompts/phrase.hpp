// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The words of a learned context, and its start values.

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include <mao/core/detail/free_functions.hpp>
#include <mao/core/random.hpp>
#include <mao/models/concepts.hpp>

namespace mao {

/// A tensor of independent normal draws, in row-major order.
Tensor normal_tensor(const std::vector<std::int64_t>& shape, double deviation, Rng rng);

/// The words of a context.
struct ContextPhrase {
  std::string prefix;        ///< the text before the class name: a phrase, or one placeholder word per context vector
  std::int64_t length = 0;   ///< n, context vectors: the first n tokens of the phrase are learned, the others are not
  std::int64_t unnamed = 0;  ///< number of vectors at the beginning with a placeholder instead of a word
  static constexpr const char* fields[] = {"prefix", "length", "unnamed"};

  /// `n` placeholders ("X X X X"), for a random start.
  static ContextPhrase placeholders(std::int64_t n);

  /// A phrase such as "a photo of a", with one vector per word. Underscores become spaces.
  static ContextPhrase words(const std::string& text);

  /// CoOp's start: a phrase, or `n` placeholders if it is empty.
  ///
  /// **Throws** `OptionError` for a context of no vectors.
  static ContextPhrase start(const std::string& text, std::int64_t n) {
    return text.empty() ? first_words(text, n) : words(text);
  }

  /// A phrase whose first `n` words are learned (MaPLe: "a photo" of "a photo of a"), or `n` placeholders if it is
  /// empty or has fewer words.
  static ContextPhrase first_words(const std::string& text, std::int64_t n);

  /// The phrase in the last of `n` vectors, after placeholders that start from zero (ProGrad).
  ///
  /// **Throws** `OptionError` if it has more words than vectors.
  static ContextPhrase last_words(const std::string& text, std::int64_t n);

  /// True if it consists of placeholders, so that the context has a random start.
  [[nodiscard]] bool random() const { return unnamed == length; }
};

/// The width of the text tower's tokens, W.
template <VisionLanguageModel ModelT>
std::int64_t text_width(const ModelT& model) {
  return model.embed(detail::id_tensor({model.end_token()})).size(-1);
}

/// What a model's tokenizer makes of a phrase.
struct PhraseTokens {
  std::vector<std::int64_t> all{};    ///< of the phrase and its placeholders
  std::vector<std::int64_t> named{};  ///< of the learned vectors that start from words
  std::int64_t taken = 0;             ///< how many of all stand for learned vectors; those behind them stay
};

/// As in CoOp the first n tokens are taken, and every word of the phrase is assumed to be one token. A placeholder may
/// be several.
///
/// **Throws** `OptionError` for a phrase of fewer tokens than words.
template <VisionLanguageModel ModelT>
PhraseTokens phrase_tokens(const ModelT& model, const ContextPhrase& phrase) {
  PhraseTokens result{.all = model.tokenize(phrase.prefix)};
  const auto unnamed = phrase.unnamed == 0 ? std::vector<std::int64_t>()
                                           : model.tokenize(ContextPhrase::placeholders(phrase.unnamed).prefix);
  const auto named = phrase.length - phrase.unnamed, first = std::ssize(unnamed);
  require<OptionError>(std::ssize(result.all) >= first + named, "the context \"", phrase.prefix, "\" has ",
                       result.all.size(), " tokens for ", phrase.length, " words; use single spaces between words");
  require<OptionError>(
      std::equal(unnamed.begin(), unnamed.end(), result.all.begin()), "the context \"", phrase.prefix,
      "\" begins with other tokens than its placeholders alone; start from words without placeholders");
  result.named.assign(result.all.begin() + first, result.all.begin() + first + named);
  result.taken = first + named;
  return result;
}

/// The token embeddings of a phrase, as start of the context; zeros for placeholders. **Shape** [n, W].
///
/// **Throws** as `phrase_tokens`.
template <VisionLanguageModel ModelT>
Tensor phrase_embedding(const ModelT& model, const ContextPhrase& phrase) {
  const Tensor named = model.embed(detail::id_tensor(phrase_tokens(model, phrase).named));
  if (phrase.unnamed == 0) return named;
  const std::vector<std::int64_t> placeholders(static_cast<std::size_t>(phrase.unnamed), model.end_token());
  return detail::joined_rows({detail::zeros_like(model.embed(detail::id_tensor(placeholders))), named});
}

/// The start of a context: the embeddings of the phrase's words, or normal (0, 0.02) vectors. **Shape** [n, W].
template <VisionLanguageModel ModelT>
Tensor initial_context(const ModelT& model, const ContextPhrase& phrase, const Rng& rng) {
  if (!phrase.random()) return phrase_embedding(model, phrase);
  return normal_tensor({phrase.length, text_width(model)}, 0.02, rng["context"]);
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/impl/phrase.ipp>
#endif
