// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Packed prefix attention, forward and backward, without ATen: one warp a (query, head) or (key, head).
///
/// Tokens lie in one buffer: G groups of P prefix tokens, then the suffix tokens of all rows (models/text_batch.hpp). A
/// query sees the attended tokens, its group's prefix (a prefix token: up to itself), and its own row up to itself.
/// Gradients of keys are sums over the queries that see them in a fixed order: no atomics, every run gives the same
/// bits.

#include <mao/kernels/cuda/launch.cuh>

namespace mao::cuda {

/// Which token sees which. All indices are 32 bit and lie where the kernels run.
struct AttentionLayout {
  std::int64_t groups = 0, prefix = 0, suffix = 0;  ///< G, P, N
  std::int64_t queries = 0;                         ///< Q: rows of q and of the output
  const std::int32_t* row = nullptr;                ///< [N] row of each suffix token, -1 for padding
  const std::int32_t* offsets = nullptr;            ///< [R + 1] the suffix tokens of each row
  const std::int32_t* group = nullptr;              ///< [R] the prefix of each row
  const std::int32_t* group_tokens = nullptr;       ///< [<= N] suffix tokens, those of one group beside each other
  const std::int32_t* group_offsets = nullptr;      ///< [G + 1] into group_tokens
  const std::int32_t* token_of = nullptr;           ///< [Q] the token of each query; null: every token is a query
  const std::int32_t* query_of = nullptr;           ///< [G P + N] its inverse, -1 where there is none

  [[nodiscard]] MAO_HOST_DEVICE std::int64_t shared() const { return groups * prefix; }
  [[nodiscard]] MAO_HOST_DEVICE std::int64_t tokens() const { return shared() + suffix; }
  [[nodiscard]] MAO_HOST_DEVICE std::int64_t token(std::int64_t query) const {
    return token_of == nullptr ? query : token_of[query];
  }
  [[nodiscard]] MAO_HOST_DEVICE std::int64_t query(std::int64_t token) const {
    return query_of == nullptr ? token : query_of[token];
  }
};

/// The keys of a token beside the attended ones: two runs of tokens.
struct SeenKeys {
  std::int64_t prefix_begin = 0, prefix_count = 0, own_begin = 0, own_count = 0;

  static MAO_HOST_DEVICE SeenKeys of(const AttentionLayout& layout, std::int64_t token) {
    SeenKeys keys;
    if (token < layout.shared()) {
      keys.prefix_count = token % layout.prefix + 1;
      keys.prefix_begin = token - token % layout.prefix;
      return keys;
    }
    const std::int64_t place = token - layout.shared(), row = layout.row[place];
    if (row < 0) return keys;
    keys.prefix_begin = layout.group[row] * layout.prefix;
    keys.prefix_count = layout.prefix;
    keys.own_begin = layout.shared() + layout.offsets[row];
    keys.own_count = place - layout.offsets[row] + 1;
    return keys;
  }
  [[nodiscard]] MAO_HOST_DEVICE std::int64_t count() const { return prefix_count + own_count; }
  [[nodiscard]] MAO_HOST_DEVICE std::int64_t token(std::int64_t i) const {
    return i < prefix_count ? prefix_begin + i : own_begin + i - prefix_count;
  }
};

/// The tokens that see a key: a run of tokens and a list of them.
struct SeeingTokens {
  std::int64_t begin = 0, run = 0, list_base = 0, listed = 0;
  const std::int32_t* list = nullptr;

  static MAO_HOST_DEVICE SeeingTokens of_attended(const AttentionLayout& layout) {
    SeeingTokens seeing;
    seeing.run = layout.tokens();
    return seeing;
  }
  static MAO_HOST_DEVICE SeeingTokens of_token(const AttentionLayout& layout, std::int64_t token) {
    SeeingTokens seeing;
    seeing.begin = token;
    if (token < layout.shared()) {
      const std::int64_t group = token / layout.prefix;
      seeing.run = layout.prefix - token % layout.prefix;
      seeing.list = layout.group_tokens + layout.group_offsets[group];
      seeing.listed = layout.group_offsets[group + 1] - layout.group_offsets[group];
      seeing.list_base = layout.shared();
      return seeing;
    }
    const std::int64_t place = token - layout.shared(), row = layout.row[place];
    if (row >= 0) seeing.run = layout.offsets[row + 1] - place;
    return seeing;
  }
  [[nodiscard]] MAO_HOST_DEVICE std::int64_t count() const { return run + listed; }
  [[nodiscard]] MAO_HOST_DEVICE std::int64_t token(std::int64_t i) const {
    return i < run ? begin + i : list_base + list[i - run];
  }
};

/// Heads side by side in rows of `stride` elements.
template <class T>
struct HeadRows {
  T* data = nullptr;
  std::int64_t stride = 0;
  [[nodiscard]] MAO_HOST_DEVICE T* at(std::int64_t row, std::int64_t first_channel) const {
    return data + row * stride + first_channel;
  }
};

/// What forward and backward read. Keys and values are numbered: attended tokens first, then all tokens.
template <class T>
struct AttentionInput {
  AttentionLayout layout;
  HeadRows<const T> q, k, v, attended_k, attended_v;
  std::int64_t attended = 0;  ///< m
  int heads = 1, width = 64;  ///< width of a head, at most 128
  float scale = 1;

  template <class Lanes>
  [[nodiscard]] MAO_HOST_DEVICE Channels<Lanes> key(Lanes lanes, std::int64_t i, std::int64_t channel) const {
    return {lanes, width, i < attended ? attended_k.at(i, channel) : k.at(i - attended, channel)};
  }
  template <class Lanes>
  [[nodiscard]] MAO_HOST_DEVICE Channels<Lanes> value(Lanes lanes, std::int64_t i, std::int64_t channel) const {
    return {lanes, width, i < attended ? attended_v.at(i, channel) : v.at(i - attended, channel)};
  }
  /// Calls `function` with the number of each key that `token` sees. A padding token sees none.
  template <class Function>
  MAO_HOST_DEVICE void each_key(std::int64_t token, Function function) const {
    const SeenKeys keys = SeenKeys::of(layout, token);
    if (keys.count() == 0) return;
    for (std::int64_t i = 0; i < attended; ++i) function(i);
    for (std::int64_t i = 0; i < keys.count(); ++i) function(attended + keys.token(i));
  }
};

/// softmax(q k^T scale) v with a running maximum, so that scores are never stored.
template <class T>
struct AttentionForward {
  AttentionInput<T> in;
  HeadRows<T> out;
  float* log_sum = nullptr;  ///< [Q, heads] logarithm of the softmax's sum, for the backward pass

  [[nodiscard]] MAO_HOST_DEVICE std::int64_t items() const { return in.layout.queries * in.heads; }

  template <class Lanes>
  MAO_HOST_DEVICE void operator()(Lanes lanes, std::int64_t item) const {
    const std::int64_t query = item / in.heads, channel = item % in.heads * in.width;
    Channels<Lanes> q(lanes, in.width, in.q.at(query, channel)), mixed(lanes, in.width);
    q.scale(in.scale);
    float highest = -INFINITY, sum = 0;
    in.each_key(in.layout.token(query), [&](std::int64_t i) {
      const float score = q.dot(in.key(lanes, i, channel));
      const float raised = score > highest ? score : highest, shrink = std::exp(highest - raised);
      const float weight = std::exp(score - raised);
      mixed.scale(shrink);
      mixed.add(weight, in.value(lanes, i, channel));
      sum = sum * shrink + weight;
      highest = raised;
    });
    if (sum > 0) mixed.scale(1 / sum);
    mixed.write(out.at(query, channel));
    if (lanes.id() == 0) log_sum[item] = sum > 0 ? highest + std::log(sum) : 0;
  }
};

}  // namespace mao::cuda
