// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What of a text tower's passes is the same in every one: the start token, which sees only itself, and the first
/// block's projections of words.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>

#include <mao/models/detail/fused_block.hpp>
#include <mao/models/detail/packed_attention.hpp>
#include <mao/models/detail/text_rows.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

/// Computed at the first use, kept for the next. Copies of a tower share one; so may threads.
class TextConstants {
 public:
  explicit TextConstants(std::shared_ptr<const std::vector<FusedBlock>> blocks) : blocks_(std::move(blocks)) {}

  /// Keys and values of the start token in each block. **Shape** token [1, W], its position added.
  [[nodiscard]] std::vector<ConstantRows> start(const Tensor& token) const {
    const std::lock_guard lock(mutex_);
    if (!token_.defined() || !at::equal(token_, token)) {
      const at::NoGradGuard own;
      start_ = states_of(token);
      token_ = token.detach().clone();
    }
    return start_;
  }

  /// The first block's projections of the suffix tokens, found by token and position; undefined when a batch brings
  /// more new ones than are kept, or another embedding of a token. **Shape** tokens [N, W], positions added.
  [[nodiscard]] KnownRows words(const std::vector<std::int64_t>& ids, const TextRows& rows,
                                const Tensor& tokens) const {
    const Tensor positions = rows.positions();
    const auto* position = positions.const_data_ptr<std::int64_t>();
    std::vector<Word> words;
    for (std::size_t i = 0; i < ids.size(); ++i) words.emplace_back(ids[i], position[i]);
    const std::lock_guard lock(mutex_);
    if (std::ssize(places_) != kept_words()) forget();
    std::vector<std::int64_t> fresh = enter(words);
    if (std::ssize(places_) > most_words) {  // those of this batch alone may fit
      forget();
      fresh = enter(words);
    }
    if (std::ssize(places_) > most_words) return {};
    if (!fresh.empty()) add(tokens.index_select(0, at::tensor(fresh)));
    std::vector<std::int64_t> chosen;
    for (const Word& word : words) chosen.push_back(places_.at(word));
    const Tensor table_rows = at::tensor(chosen);
    return at::equal(tokens_.index_select(0, table_rows), tokens) ? KnownRows{words_, table_rows} : KnownRows{};
  }

 private:
  using Word = std::pair<std::int64_t, std::int64_t>;  ///< token and position

  /// Of a width of 512 at most 34 MB. The names of 1,000 classes need about half.
  static constexpr std::ptrdiff_t most_words = 4096;
  /// Words are projected so many at a time, with zeros behind the last: what a word gets must not depend on how many
  /// came with it, or a run that was interrupted would end differently in the last bits.
  static constexpr std::int64_t words_at_once = 64;

  /// Gives a place to each word that has none; which of them these are.
  std::vector<std::int64_t> enter(const std::vector<Word>& words) const {
    std::vector<std::int64_t> fresh;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (places_.try_emplace(words[i], std::ssize(places_)).second) fresh.push_back(static_cast<std::int64_t>(i));
    }
    return fresh;
  }

  void add(const Tensor& tokens) const {
    const at::NoGradGuard own;
    std::vector<Tensor> all;
    if (words_.defined()) all.push_back(words_);
    for (std::int64_t begin = 0; begin < tokens.size(0); begin += words_at_once) {
      const std::int64_t count = std::min(words_at_once, tokens.size(0) - begin);
      const Tensor part = at::constant_pad_nd(tokens.narrow(0, begin, count), {0, 0, 0, words_at_once - count});
      all.push_back(blocks_->front().projected(part).narrow(0, 0, count));
    }
    tokens_ = tokens_.defined() ? at::cat({tokens_, tokens}) : tokens;
    words_ = at::cat(all);
  }
  /// Other than the places there are after a pass that ran out of memory.
  [[nodiscard]] std::int64_t kept_words() const { return words_.defined() ? words_.size(0) : 0; }
  void forget() const {
    places_.clear();
    tokens_ = words_ = Tensor();
  }

  [[nodiscard]] std::vector<ConstantRows> states_of(const Tensor& token) const {
    TextRows alone;
    alone.groups = 1;
    alone.prefix = 1;
    const PackedAttention itself(alone.sequences(0, 0, false));
    std::vector<ConstantRows> states;
    ResidualStream x{token.contiguous()};
    for (const FusedBlock& block : *blocks_) {
      const Tensor all = block.projected(x.total());
      const std::int64_t width = block.width(), values = all.size(1) - width;
      states.push_back({all.narrow(1, values - width, width), all.narrow(1, values, width)});
      if (&block != &blocks_->back()) x = block.forward(x, {}, itself, {.live = 1, .queries = {}}, nullptr);
    }
    return states;
  }

  std::shared_ptr<const std::vector<FusedBlock>> blocks_;
  mutable std::mutex mutex_;
  mutable Tensor token_;                         // the start token of start_
  mutable std::vector<ConstantRows> start_;      // one a block
  mutable std::map<Word, std::int64_t> places_;  // in tokens_ and words_
  mutable Tensor tokens_;                        // [k, W] as they entered
  mutable Tensor words_;                         // [k, 3W]
};

}  // namespace mao::detail

#endif
