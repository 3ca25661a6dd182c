// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CoOp's prompt: learned context vectors around the tokens of the class name.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <mao/clip/concepts.hpp>
#include <mao/core/class_list.hpp>
#include <mao/core/random.hpp>
#include <mao/prompts/concepts.hpp>

namespace mao {

/// A tensor of independent normal draws, in row-major order.
inline Tensor normal_tensor(const std::vector<std::int64_t>& shape, double deviation, Rng rng) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(deviation * rng.normal());
  return at::tensor(values).view(shape);
}

/// The words that a prompt is built around.
struct ContextPhrase {
  std::string prefix;       ///< what stands before the class name: a phrase, or one placeholder word a context vector
  std::int64_t length = 0;  ///< n, context vectors: the first n tokens of the phrase are learned, the others stay

  /// `n` placeholders ("X X X X"), for a random start.
  static ContextPhrase placeholders(std::int64_t n) {
    ContextPhrase phrase{"", n};
    for (std::int64_t i = 0; i < n; ++i) phrase.prefix += i == 0 ? "X" : " X";
    return phrase;
  }

  /// A phrase such as "a photo of a": as many vectors as it has words. Underscores become spaces.
  static ContextPhrase words(const std::string& text) {
    ContextPhrase phrase{readable(text), 1};
    for (const char c : phrase.prefix) phrase.length += c == ' ' ? 1 : 0;
    return phrase;
  }

  /// A phrase of which the first `n` words are learned (MaPLe: "a photo" of "a photo of a"), or `n` placeholders when
  /// it is empty or has fewer words.
  static ContextPhrase first_words(const std::string& text, std::int64_t n) {
    require<OptionError>(n > 0, "a context of ", n, " vectors; at least 1 is needed (the papers use 2, 4 or 16)");
    ContextPhrase phrase = words(text);
    if (text.empty() || phrase.length < n) return placeholders(n);
    phrase.length = n;
    return phrase;
  }

  /// Whether it consists of placeholders, so that the context starts at random.
  [[nodiscard]] bool random() const { return prefix.starts_with("X"); }
};

/// The token embeddings of a phrase, to start the context from. **Shape** [n, W].
///
/// As in CoOp the first n tokens are taken; every word of the phrase is assumed to be one token.
template <VisionLanguageModel ModelT>
Tensor phrase_embedding(const ModelT& model, const ContextPhrase& phrase) {
  const auto tokens = model.tokenize(phrase.prefix);
  require<OptionError>(static_cast<std::int64_t>(tokens.size()) >= phrase.length, "the context \"", phrase.prefix,
                       "\" has ", tokens.size(), " tokens for ", phrase.length,
                       " words; use single spaces between words");
  return model.embed(at::tensor(std::vector<std::int64_t>(tokens.begin(), tokens.begin() + phrase.length)));
}

/// The context that a phrase starts from: its words' embeddings, or normal (0, 0.02) vectors. **Shape** [n, W].
template <VisionLanguageModel ModelT>
Tensor initial_context(const ModelT& model, const ContextPhrase& phrase, const Rng& rng) {
  if (!phrase.random()) return phrase_embedding(model, phrase);
  const std::int64_t width = model.embed(at::tensor(std::vector<std::int64_t>{0})).size(-1);
  return normal_tensor({phrase.length, width}, 0.02, rng["context"]);
}

/// Lays out prompts: the frozen tokens of every class once, the learned context at each assembly.
template <VisionLanguageModel ModelT>
class ContextPrompt {
 public:
  /// **Throws** `DataError` naming a class whose prompt is longer than the model's context.
  ContextPrompt(const ModelT& model, const ClassList& classes, const ContextPhrase& phrase,
                ClassPosition position = ClassPosition::End)
      : length_(phrase.length), position_(position) {
    if (position_ == ClassPosition::End) {
      words_left_ = std::max<std::int64_t>(0, static_cast<std::int64_t>(model.tokenize(phrase.prefix).size()) - length_);
    }
    std::vector<std::int64_t> ids;
    for (const std::string& name : classes.names) {
      const auto tokens = model.tokenize(phrase.prefix + " " + readable(name) + ".");
      const auto total = static_cast<std::int64_t>(tokens.size()) + 2;
      require<DataError>(total <= model.context_length(), "class \"", name, "\": its prompt has ", total,
                         " tokens, the model takes ", model.context_length(), "; shorten the name or the context");
      offsets_.push_back(static_cast<std::int64_t>(ids.size()));
      name_lengths_.push_back(static_cast<std::int64_t>(model.tokenize(readable(name)).size()));
      ids.insert(ids.end(), tokens.begin() + length_, tokens.end());
      ids.push_back(model.end_token());
    }
    offsets_.push_back(static_cast<std::int64_t>(ids.size()));
    start_ = model.embed(at::tensor(std::vector<std::int64_t>{model.start_token()}));
    tokens_ = model.embed(at::tensor(ids));
  }

  /// The prompts of the candidates.
  ///
  /// **Shapes** `context` [n, W] shared by all classes, or [C, n, W], one for each.
  [[nodiscard]] TextBatch assemble(const Tensor& context, const Candidates& candidates) const {
    const bool shared = context.dim() == 2;
    const std::int64_t ahead = shared ? words_ahead() : 0, left = shared ? words_left_ : 0;
    Arrangement rows{.context_begin = tokens_.size(0), .words_left = left, .order = {}, .offsets = {0}};
    for (const std::int64_t id : candidates.ids) arrange(id, ahead, shared ? 0 : id * length_, rows);
    TextBatch batch;
    batch.prefix =
        (ahead > 0 ? at::cat({start_, context.narrow(0, 0, ahead), tokens_.narrow(0, 0, left)}) : start_).unsqueeze(0);
    batch.suffix = at::cat({tokens_, context.flatten(0, -2)}).index_select(0, at::tensor(rows.order));
    batch.offsets = std::move(rows.offsets);
    batch.group.assign(candidates.ids.size(), 0);
    return batch;
  }

 private:
  struct Arrangement {
    std::int64_t context_begin;         ///< row of the first context vector behind the class tokens
    std::int64_t words_left;            ///< of the phrase, which stand in the prefix already
    std::vector<std::int64_t> order{};  ///< rows of [class tokens; context] in the order of the suffix
    std::vector<std::int64_t> offsets;
  };

  /// Context vectors that stand before every class name, and so can be shared.
  [[nodiscard]] std::int64_t words_ahead() const {
    switch (position_) {
      case ClassPosition::Middle:
        return length_ / 2;
      case ClassPosition::Front:
        return 0;
      case ClassPosition::End:
        break;
    }
    return length_;
  }

  /// Appends one class, leaving out the first `done` context vectors. `first` is the row of its first context vector.
  void arrange(std::int64_t id, std::int64_t done, std::int64_t first, Arrangement& rows) const {
    const auto c = static_cast<std::size_t>(id);
    const auto add = [&rows](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) rows.order.push_back(i);
    };
    const std::int64_t context = rows.context_begin + first,
                       name_end = offsets_[c] + std::max(name_lengths_[c], rows.words_left);
    add(context + done, context + words_ahead());
    add(offsets_[c] + rows.words_left, name_end);
    add(context + words_ahead(), context + length_);
    add(name_end, offsets_[c + 1]);
    rows.offsets.push_back(static_cast<std::int64_t>(rows.order.size()));
  }

  std::int64_t length_;
  ClassPosition position_;
  std::int64_t words_left_ = 0;             // tokens of the phrase behind the context, the same for all classes
  Tensor start_;                            // [1, W]
  Tensor tokens_;                           // [N, W] what follows the context, all classes
  std::vector<std::int64_t> offsets_;       // [C + 1]
  std::vector<std::int64_t> name_lengths_;  // [C]
};

}  // namespace mao
