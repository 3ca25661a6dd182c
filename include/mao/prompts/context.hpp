// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CoOp's prompt: learned context vectors around the tokens of the class name.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/class_list.hpp>
#include <mao/core/detail/free_functions.hpp>
#include <mao/models/concepts.hpp>
#include <mao/prompts/concepts.hpp>
#include <mao/prompts/detail/positions.hpp>
#include <mao/prompts/distinct_prompts.hpp>
#include <mao/prompts/phrase.hpp>

namespace mao {

/// Builds prompts: the frozen tokens of every class once, the learned context at each assembly.
template <VisionLanguageModel ModelT>
class ContextPrompt {
 public:
  /// `ending` follows the context: `{}` for the name, and possibly more words.
  ///
  /// **Throws** `DataError` naming a class whose prompt is longer than the model's context, or names that
  /// `check_class_prompts` refuses; `OptionError` unless `ending` has `{}` exactly once, and at its beginning if the
  /// name is not at the end.
  ContextPrompt(const ModelT& model, const ClassList& classes, const ContextPhrase& phrase,
                ClassPosition position = ClassPosition::End, const std::string& ending = "{}.")
      : length_(phrase.length), position_(position) {
    require<OptionError>(position_ == ClassPosition::End || ending.starts_with("{}"), "the ending \"", ending,
                         "\" must start with {} when the class name is in the middle or in front");
    check_class_prompts(model, classes, "prompts", phrase.prefix + " " + ending);
    const PhraseTokens words = phrase_tokens(model, phrase);
    const std::int64_t left = std::ssize(words.all) - words.taken;
    if (position_ == ClassPosition::End) words_left_ = left;
    std::vector<std::int64_t> ids;
    for (const std::string& name : classes.names) {
      const auto tokens = tokens_of(model, words, phrase.prefix, fill_template(ending, name), name);
      const std::int64_t total = length_ + std::ssize(tokens) - words.taken + frame_tokens(model);
      require<DataError>(total <= model.context_length(), "class \"", name, "\": its prompt has ", total,
                         " tokens, the model takes ", model.context_length(), "; shorten the name or the context");
      offsets_.push_back(std::ssize(ids));
      const auto named = tokens_of(model, words, phrase.prefix, readable(name), name);
      name_lengths_.push_back(std::ssize(named) - std::ssize(words.all));
      ids.insert(ids.end(), tokens.begin() + words.taken, tokens.end());
      ids.push_back(model.end_token());
    }
    offsets_.push_back(std::ssize(ids));
    start_ = start_row(model);
    tokens_ = model.embed(detail::id_tensor(ids));
    ids_ = std::move(ids);
  }

  /// The prompts of the candidates. **Throws** `OptionError` for a candidate that is not a class, `ShapeError`.
  ///
  /// **Shapes** `context` [n, W] shared by all classes, or [C, n, W], one for each.
  [[nodiscard]] TextBatch assemble(const Tensor& context, const Candidates& candidates) const {
    if (context.dim() != 2) {
      expect_positions(candidates, std::ssize(name_lengths_), "prompts");
      expect_shape(context, {std::ssize(name_lengths_), length_, start_.size(1)}, "prompts: contexts of the classes");
    }
    if (context.dim() == 2) return assemble_each(context.unsqueeze(0), candidates);
    Arrangement rows{.context_begin = tokens_.size(0), .words_left = 0};
    for (const std::int64_t id : candidates.ids) arrange(id, 0, id * length_, rows);
    return batch_of(start_.unsqueeze(0), context.to(start_.device()), std::move(rows),
                    std::vector<std::int64_t>(candidates.ids.size(), 0));
  }

  /// The prompts of the candidates with each of G contexts (CoCoOp: one per image). Row g * H + h is candidate h with
  /// context g.
  ///
  /// **Shape** `contexts` [G, n, W].
  [[nodiscard]] TextBatch assemble_each(const Tensor& contexts, const Candidates& candidates) const {
    expect_positions(candidates, std::ssize(name_lengths_), "prompts");
    expect_shape(contexts, {-1, length_, start_.size(1)}, "prompts: contexts");
    const Tensor here = contexts.to(start_.device());
    const std::int64_t groups = contexts.size(0), ahead = words_ahead(), width = start_.size(1);
    Arrangement rows{.context_begin = tokens_.size(0), .words_left = words_left_};
    std::vector<std::int64_t> group;
    for (std::int64_t g = 0; g < groups; ++g) {
      for (const std::int64_t id : candidates.ids) arrange(id, ahead, g * length_, rows);
      group.insert(group.end(), candidates.ids.size(), g);
    }
    const Tensor prefix =
        detail::joined_rows({start_.unsqueeze(0).expand({groups, -1, width}), here.narrow(1, 0, ahead),
                             tokens_.narrow(0, 0, words_left_).expand({groups, words_left_, width})},
                            1);
    return batch_of(prefix, here, std::move(rows), std::move(group));
  }

 private:
  /// The tokens of the phrase and what follows it. **Throws** `DataError` where the tokenizer reads the phrase in
  /// another way than alone, so that nothing tells which tokens the context stands for.
  static std::vector<std::int64_t> tokens_of(const ModelT& model, const PhraseTokens& words, const std::string& prefix,
                                             const std::string& rest, const std::string& name) {
    auto tokens = model.tokenize(prefix + " " + rest);
    require<DataError>(
        tokens.size() >= words.all.size() && std::equal(words.all.begin(), words.all.end(), tokens.begin()), "class \"",
        name, "\": before this name the tokenizer reads the context \"", prefix,
        "\" in another way than alone; rename the class or use another context");
    return tokens;
  }

  struct Arrangement {
    std::int64_t context_begin;         ///< row of the first context vector after the class tokens
    std::int64_t words_left;            ///< of the phrase, which are in the prefix already
    std::vector<std::int64_t> order{};  ///< rows of [class tokens; context] in the order of the suffix
    std::vector<std::int64_t> offsets{0};
  };

  [[nodiscard]] TextBatch batch_of(Tensor prefix, const Tensor& context, Arrangement rows,
                                   std::vector<std::int64_t> group) const {
    const Tensor order = detail::id_tensor(rows.order).to(tokens_.device());
    TextBatch batch{.prefix = std::move(prefix),
                    .suffix = {},
                    .offsets = {},
                    .group = std::move(group),
                    .starts = start_.size(0) > 0};
    const bool words_alone =
        std::all_of(rows.order.begin(), rows.order.end(), [&](std::int64_t row) { return row < rows.context_begin; });
    if (words_alone) {
      for (const std::int64_t row : rows.order) batch.suffix_ids.push_back(ids_[static_cast<std::size_t>(row)]);
    }
    batch.suffix = words_alone ? tokens_.index_select(0, order)
                               : detail::joined_rows({tokens_, context.flatten(0, -2)}).index_select(0, order);
    batch.offsets = std::move(rows.offsets);
    return batch;
  }

  /// Context vectors that come before every class name, so they can be shared.
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
  Tensor start_;                            // [1, W], or [0, W] of a model without a start token
  Tensor tokens_;                           // [N, W] what follows the context, all classes
  std::vector<std::int64_t> ids_;           // [N] of these tokens
  std::vector<std::int64_t> offsets_;       // [C + 1]
  std::vector<std::int64_t> name_lengths_;  // [C]
};

}  // namespace mao
