// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/packed_attention.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <mao/config.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

/// Attention of one sequence in one head; its weights stay in `weights` [queries, keys].
template <class Type>
MAO_AVX512 void attend(const HeadRows<const Type>& in, const PackedSequence& sequence, std::int64_t head,
                       const SeenRows& seen, float* weights, Type* out, std::int64_t out_stride) {
  const std::int64_t at = head * head_width;
  for (std::int64_t i = 0; i < sequence.queries; ++i, weights += seen.size()) {
    const HeadRow query = load_head(in.query + (sequence.query_row + i) * in.query_stride + at);
    const std::size_t count = seen.seen_by(sequence.first_query + i);
    for (std::size_t j = 0; j < count; ++j) weights[j] = dot(query, seen.key(j)) * attention_scale;
    rows::softmax(weights, 1.0F, static_cast<std::int64_t>(count));
    HeadRow mixed = zero_head();
    for (std::size_t j = 0; j < count; ++j) accumulate(mixed, weights[j], seen.value(j));
    store_head(out + (sequence.query_row + i) * out_stride + at, mixed);
  }
}

/// The backward pass of `attend`: writes the gradients of the sequence's own queries, adds those of keys and values
/// that it saw to `seen`.
template <class Type>
MAO_AVX512 void attend_backward(const HeadRows<const Type>& in, const PackedSequence& sequence, std::int64_t head,
                                const float* weights, const Type* out_gradient, std::int64_t out_stride,
                                const HeadRows<Type>& gradient, SeenRows& seen, std::vector<float>& slopes) {
  const std::int64_t at = head * head_width;
  slopes.resize(std::max(slopes.size(), seen.size()));
  for (std::int64_t i = 0; i < sequence.queries; ++i, weights += seen.size()) {
    const HeadRow query = load_head(in.query + (sequence.query_row + i) * in.query_stride + at);
    const HeadRow arrived = load_head(out_gradient + (sequence.query_row + i) * out_stride + at);
    const std::size_t count = seen.seen_by(sequence.first_query + i);
    float mean = 0;
    for (std::size_t j = 0; j < count; ++j) {
      slopes[j] = dot(arrived, seen.value(j));
      mean += slopes[j] * weights[j];
      accumulate(seen.value_gradient(j), weights[j], arrived);
    }
    HeadRow back = zero_head();
    for (std::size_t j = 0; j < count; ++j) {
      const float slope = weights[j] * (slopes[j] - mean) * attention_scale;
      accumulate(back, slope, seen.key(j));
      accumulate(seen.key_gradient(j), slope, query);
    }
    store_head(gradient.query + (sequence.query_row + i) * gradient.query_stride + at, back);
  }
}

/// Writes the gradients of `count` keys and values of `seen`, from number `first` on, to rows from `row` on.
template <class Type>
MAO_AVX512 void write_rows(const HeadRows<Type>& gradient, std::int64_t head, std::int64_t row, std::int64_t count,
                           SeenRows& seen, std::size_t first) {
  for (std::int64_t j = 0; j < count; ++j, ++first) {
    const std::int64_t to = (row + j) * gradient.key_stride + head * head_width;
    store_head(gradient.key + to, load_head(seen.key_gradient(first)));
    store_head(gradient.value + to, load_head(seen.value_gradient(first)));
  }
}

/// All sequences of one head. **Shapes** weights [sequences.probabilities], out [queries, W].
template <class Type>
void attend_head(const HeadRows<const Type>& in, const PackedSequences& sequences, std::int64_t head, float* weights,
                 Type* out, std::int64_t out_stride) {
  SeenRows seen;
  std::size_t next = 0;
  for (const std::size_t end : sequences.ends) {
    seen.share(in, sequences, sequences.all[end - 1], head);
    for (; next < end; ++next) {
      const PackedSequence& sequence = sequences.all[next];
      if (sequence.queries == 0) continue;
      seen.own(in, sequence, head);
      attend(in, sequence, head, seen, weights + sequence.probabilities, out, out_stride);
    }
  }
}

/// The backward pass of `attend_head`. Gradients of queries that were not computed are left as they are.
template <class Type>
void attend_head_backward(const HeadRows<const Type>& in, const PackedSequences& sequences, std::int64_t head,
                          const float* weights, const Type* out_gradient, std::int64_t out_stride,
                          const HeadRows<Type>& gradient) {
  SeenRows seen;
  std::vector<float> slopes;
  const auto attended = static_cast<std::size_t>(sequences.attended);
  std::vector<float> attended_keys(attended * head_width), attended_values(attended * head_width);
  std::size_t next = 0;
  for (const std::size_t end : sequences.ends) {
    const PackedSequence& prefix = sequences.all[end - 1];  // last: what the others send it is complete by then
    seen.share(in, sequences, prefix, head);
    for (; next < end; ++next) {
      const PackedSequence& sequence = sequences.all[next];
      seen.own(in, sequence, head);
      attend_backward(in, sequence, head, weights + sequence.probabilities, out_gradient, out_stride, gradient, seen,
                      slopes);
      if (next + 1 < end) write_rows(gradient, head, sequence.begin, sequence.length, seen, seen.shared());
    }
    write_rows(gradient, head, prefix.begin, prefix.length, seen, attended);
    for (std::size_t i = 0; i < attended_keys.size(); ++i) {
      attended_keys[i] += seen.key_gradient(0)[i];
      attended_values[i] += seen.value_gradient(0)[i];
    }
  }
  if (attended == 0 || gradient.attended_key == nullptr) return;
  std::copy(attended_keys.begin(), attended_keys.end(), seen.key_gradient(0));
  std::copy(attended_values.begin(), attended_values.end(), seen.value_gradient(0));
  write_rows(HeadRows<Type>{.key = gradient.attended_key,
                            .value = gradient.attended_value,
                            .key_stride = gradient.attended_stride},
             head, 0, sequences.attended, seen, 0);
}

MAO_INLINE Tensor PackedAttention::forward(const Projections& in, Tensor* kept) const {
  const Tensor out = at::empty(in.query.sizes(), in.query.options());
  const std::int64_t heads = out.size(1) / head_width;
  Tensor weights = at::empty({heads, sequences_.probabilities}, at::kFloat);
  each_head(in.query.scalar_type(), heads, [&]<class Type>(Type, std::int64_t head) {
    attend_head(rows_seen<const Type>(in), sequences_, head,
                weights.mutable_data_ptr<float>() + head * sequences_.probabilities, out.mutable_data_ptr<Type>(),
                out.stride(0));
  });
  if (kept != nullptr) *kept = weights;
  return out;
}

MAO_INLINE void PackedAttention::backward(const Projections& in, const Tensor& kept, const Tensor& gradient,
                                          Projections& back) const {
  each_head(in.query.scalar_type(), kept.size(0), [&]<class Type>(Type, std::int64_t head) {
    attend_head_backward(rows_seen<const Type>(in), sequences_, head,
                         kept.const_data_ptr<float>() + head * sequences_.probabilities,
                         gradient.const_data_ptr<Type>(), gradient.stride(0), rows_of<Type>(back));
  });
}

}  // namespace mao::detail

#endif
