// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/text_constants.hpp>

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>

#include <mao/config.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

MAO_INLINE std::vector<ConstantRows> TextConstants::start(const Tensor& token) const {
  const std::lock_guard lock(mutex_);
  if (!token_.defined() || !at::equal(token_, token)) {
    const at::NoGradGuard own;
    start_ = states_of(token);
    token_ = token.detach().clone();
  }
  return start_;
}

MAO_INLINE KnownRows TextConstants::words(const std::vector<std::int64_t>& ids, const TextRows& rows,
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

MAO_INLINE std::vector<std::int64_t> TextConstants::enter(const std::vector<Word>& words) const {
  std::vector<std::int64_t> fresh;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (places_.try_emplace(words[i], std::ssize(places_)).second) fresh.push_back(static_cast<std::int64_t>(i));
  }
  return fresh;
}

MAO_INLINE void TextConstants::add(const Tensor& tokens) const {
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

MAO_INLINE std::vector<ConstantRows> TextConstants::states_of(const Tensor& token) const {
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

}  // namespace mao::detail

#endif
