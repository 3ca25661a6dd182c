// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The backward pass of kernels/cuda/attention.cuh: gradients of queries, then of keys and values, then the sums for those keys
/// that many queries share.

#include <mao/kernels/cuda/attention.cuh>

namespace mao::cuda {

/// What all of the backward pass reads.
template <class T>
struct AttentionSaved {
  AttentionInput<T> in;
  HeadRows<const T> out, out_gradient;
  const float* log_sum = nullptr;  ///< [Q, heads]
};

/// Gradient of the queries, and per query and head `inner` = out . out_gradient, which the keys need too.
template <class T>
struct AttentionQueryGradient {
  AttentionSaved<T> saved;
  HeadRows<T> q_gradient;
  float* inner = nullptr;  ///< [Q, heads]

  [[nodiscard]] MAO_HOST_DEVICE std::int64_t items() const { return saved.in.layout.queries * saved.in.heads; }

  template <class Lanes>
  MAO_HOST_DEVICE void operator()(Lanes lanes, std::int64_t item) const {
    const auto& in = saved.in;
    const std::int64_t query = item / in.heads, channel = item % in.heads * in.width;
    const Channels<Lanes> q(lanes, in.width, in.q.at(query, channel));
    const Channels<Lanes> given(lanes, in.width, saved.out_gradient.at(query, channel));
    const float own_inner = given.dot(Channels<Lanes>(lanes, in.width, saved.out.at(query, channel)));
    Channels<Lanes> gradient(lanes, in.width);
    in.each_key(in.layout.token(query), [&](std::int64_t i) {
      const Channels<Lanes> key = in.key(lanes, i, channel);
      const float weight = std::exp(q.dot(key) * in.scale - saved.log_sum[item]);
      const float score_gradient = weight * (given.dot(in.value(lanes, i, channel)) - own_inner);
      gradient.add(score_gradient * in.scale, key);
    });
    gradient.write(q_gradient.at(query, channel));
    if (lanes.id() == 0) inner[item] = own_inner;
  }
};

/// Gradients of keys and values. A suffix token is seen by its own row alone: its gradient is written at once. Attended
/// and prefix tokens are seen by many: each of `parts` groups of lanes sums over a part of the queries.
template <class T>
struct AttentionKeyGradient {
  AttentionSaved<T> saved;
  const float* inner = nullptr;        ///< [Q, heads]
  HeadRows<T> k_gradient, v_gradient;  ///< of all tokens
  float* partial = nullptr;            ///< [parts, m + G P, 2, heads * width]
  int parts = 1;

  /// m + G P, the keys that are shared.
  [[nodiscard]] MAO_HOST_DEVICE std::int64_t shared() const { return saved.in.attended + saved.in.layout.shared(); }
  [[nodiscard]] MAO_HOST_DEVICE std::int64_t items() const {
    return (shared() * parts + saved.in.layout.suffix) * saved.in.heads;
  }

  template <class Lanes>
  MAO_HOST_DEVICE void operator()(Lanes lanes, std::int64_t item) const {
    const auto& in = saved.in;
    const std::int64_t piece = item / in.heads, channel = item % in.heads * in.width;
    Channels<Lanes> key_sum(lanes, in.width), value_sum(lanes, in.width);
    if (piece < shared() * parts) {
      const std::int64_t key = piece / parts, part = piece % parts, row = 2 * in.heads * in.width;
      add_queries(lanes, key, channel, part, parts, key_sum, value_sum);
      float* to = partial + (part * shared() + key) * row + channel;
      key_sum.write(to);
      value_sum.write(to + row / 2);
      return;
    }
    const std::int64_t token = in.layout.shared() + piece - shared() * parts;
    add_queries(lanes, in.attended + token, channel, 0, 1, key_sum, value_sum);
    key_sum.write(k_gradient.at(token, channel));
    value_sum.write(v_gradient.at(token, channel));
  }

 private:
  /// Sums over every `step`-th of the tokens that see `key`, from number `first` on.
  template <class Lanes>
  MAO_HOST_DEVICE void add_queries(Lanes lanes, std::int64_t number, std::int64_t channel, std::int64_t first,
                                   std::int64_t step, Channels<Lanes>& key_sum, Channels<Lanes>& value_sum) const {
    const auto& in = saved.in;
    const SeeingTokens seeing = number < in.attended ? SeeingTokens::of_attended(in.layout)
                                                     : SeeingTokens::of_token(in.layout, number - in.attended);
    const Channels<Lanes> key = in.key(lanes, number, channel), value = in.value(lanes, number, channel);
    for (std::int64_t i = first; i < seeing.count(); i += step) {
      const std::int64_t token = seeing.token(i), query = in.layout.query(token);
      if (query < 0 || SeenKeys::of(in.layout, token).count() == 0) continue;
      const std::int64_t place = query * in.heads + channel / in.width;
      const Channels<Lanes> q(lanes, in.width, in.q.at(query, channel));
      const Channels<Lanes> given(lanes, in.width, saved.out_gradient.at(query, channel));
      const float weight = std::exp(q.dot(key) * in.scale - saved.log_sum[place]);
      value_sum.add(weight, given);
      key_sum.add(weight * (given.dot(value) - inner[place]) * in.scale, q);
    }
  }
};

/// Adds up the parts, in order.
template <class T>
struct AttentionSharedGradient {
  const float* partial = nullptr;  ///< [parts, m + G P, 2, heads * width]
  int parts = 1, heads = 1, width = 64;
  std::int64_t attended = 0, shared = 0;  ///< m and m + G P
  HeadRows<T> k_gradient, v_gradient, attended_k_gradient, attended_v_gradient;

  [[nodiscard]] MAO_HOST_DEVICE std::int64_t items() const { return shared * 2 * heads; }

  template <class Lanes>
  MAO_HOST_DEVICE void operator()(Lanes lanes, std::int64_t item) const {
    const std::int64_t key = item / (2 * heads), head = item % heads, channel = head * width;
    const bool of_values = item / heads % 2 == 1;
    Channels<Lanes> sum(lanes, width);
    for (std::int64_t part = 0; part < parts; ++part) {
      const std::int64_t row = (part * shared + key) * 2 + (of_values ? 1 : 0);
      sum.add(1, Channels<Lanes>(lanes, width, partial + row * heads * width + channel));
    }
    const bool of_attended = key < attended;
    const HeadRows<T>& to =
        of_attended ? (of_values ? attended_v_gradient : attended_k_gradient) : (of_values ? v_gradient : k_gradient);
    sum.write(to.at(of_attended ? key : key - attended, channel));
  }
};

}  // namespace mao::cuda
