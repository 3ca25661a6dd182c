// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Queries, keys and values as tensors and as rows of heads, and what of them a packed sequence sees: what the CPU kernel
/// of the packed attention (packed_attention.hpp) is written in.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <mao/kernels/cpu/vector16.hpp>
#include <mao/models/detail/text_rows.hpp>

namespace mao::detail {

#if MAO_HAS_AVX512_KERNELS

/// Queries, keys and values of a block, or their gradients; the parts may be views of one tensor.
struct Projections {
  Tensor query;       ///< [Q, W]
  Tensor key, value;  ///< [K, W]
};

/// Queries, keys and values, or their gradients: heads of 64 floats side by side in each row.
template <class Type>
struct HeadRows {
  Type* query = nullptr;
  Type* key = nullptr;
  Type* value = nullptr;
  std::int64_t query_stride = 0, key_stride = 0;
  Type* attended_key = nullptr;  ///< of the rows that every query sees first; null for gradients that nobody wants
  Type* attended_value = nullptr;
  std::int64_t attended_stride = 0;
};

inline constexpr std::int64_t head_width = 64;

/// The keys and values that one sequence sees in one head, as fp32 side by side: attended, prefix, own. And sums of
/// their gradients, in the same order.
class SeenRows {
 public:
  /// Starts a group: reads what all its sequences see, and begins their gradients with zero.
  template <class Type>
  MAO_AVX512 void share(const HeadRows<const Type>& from, const PackedSequences& sequences,
                        const PackedSequence& prefix, std::int64_t head) {
    shared_ = static_cast<std::size_t>(sequences.attended + prefix.length);
    resize(shared_);
    read(from.attended_key, from.attended_value, from.attended_stride, sequences.attended, 0, head);
    read_rows(from, prefix.begin, prefix.length, static_cast<std::size_t>(sequences.attended), head);
    std::fill_n(key_gradients_.begin(), shared_ * head_width, 0.0F);
    std::fill_n(value_gradients_.begin(), shared_ * head_width, 0.0F);
  }

  /// Continues with a sequence of the group; the prefix itself is one, which has no rows of its own.
  template <class Type>
  MAO_AVX512 void own(const HeadRows<const Type>& from, const PackedSequence& sequence, std::int64_t head) {
    const bool is_prefix = sequence.prefix_length == 0;
    own_ = is_prefix ? 0 : static_cast<std::size_t>(sequence.length);
    before_ = is_prefix ? shared_ - static_cast<std::size_t>(sequence.length) : shared_;
    resize(size());
    if (is_prefix) return;
    read_rows(from, sequence.begin, sequence.length, shared_, head);
    std::fill_n(key_gradient(shared_), own_ * head_width, 0.0F);
    std::fill_n(value_gradient(shared_), own_ * head_width, 0.0F);
  }

  [[nodiscard]] const float* key(std::size_t j) const { return keys_.data() + j * head_width; }
  [[nodiscard]] const float* value(std::size_t j) const { return values_.data() + j * head_width; }
  [[nodiscard]] float* key_gradient(std::size_t j) { return key_gradients_.data() + j * head_width; }
  [[nodiscard]] float* value_gradient(std::size_t j) { return value_gradients_.data() + j * head_width; }
  [[nodiscard]] std::size_t size() const { return shared_ + own_; }
  [[nodiscard]] std::size_t shared() const { return shared_; }
  /// Keys that a sequence's row number `i` sees.
  [[nodiscard]] std::size_t seen_by(std::int64_t i) const { return before_ + static_cast<std::size_t>(i) + 1; }

 private:
  void resize(std::size_t rows);

  template <class Type>
  MAO_AVX512 void read_rows(const HeadRows<const Type>& from, std::int64_t row, std::int64_t count, std::size_t to,
                            std::int64_t head) {
    const std::int64_t first = row * from.key_stride;
    read(from.key + first, from.value + first, from.key_stride, count, to, head);
  }

  template <class Type>
  MAO_AVX512 void read(const Type* key, const Type* value, std::int64_t stride, std::int64_t count, std::size_t to,
                       std::int64_t head) {
    for (std::int64_t j = 0; j < count; ++j) {
      const std::int64_t at = j * stride + head * head_width;
      const std::size_t into = (to + static_cast<std::size_t>(j)) * head_width;
      for (std::size_t i = 0; i < head_width; i += 16) {
        v16::store(keys_.data() + into + i, v16::load(key + at + static_cast<std::int64_t>(i)));
        v16::store(values_.data() + into + i, v16::load(value + at + static_cast<std::int64_t>(i)));
      }
    }
  }

  std::size_t shared_ = 0, own_ = 0, before_ = 0;
  std::vector<float> keys_, values_, key_gradients_, value_gradients_;
};

/// One head of one row.
struct HeadRow {
  v16::Floats part[4];
};

template <class Type>
MAO_V16 HeadRow load_head(const Type* from) {
  return {{v16::load(from), v16::load(from + 16), v16::load(from + 32), v16::load(from + 48)}};
}
template <class Type>
MAO_V16 void store_head(Type* to, const HeadRow& x) {
  v16::store(to, x.part[0]);
  v16::store(to + 16, x.part[1]);
  v16::store(to + 32, x.part[2]);
  v16::store(to + 48, x.part[3]);
}
MAO_V16 HeadRow zero_head() { return {{v16::zero(), v16::zero(), v16::zero(), v16::zero()}}; }
MAO_V16 float dot(const HeadRow& a, const float* b) {
  v16::Floats total = v16::mul(a.part[0], v16::load(b));
  total = v16::fma(a.part[1], v16::load(b + 16), total);
  total = v16::fma(a.part[2], v16::load(b + 32), total);
  return v16::sum(v16::fma(a.part[3], v16::load(b + 48), total));
}
/// sum += factor * x
MAO_V16 void accumulate(HeadRow& sum, float factor, const float* x) {
  const v16::Floats times = v16::all(factor);
  sum.part[0] = v16::fma(times, v16::load(x), sum.part[0]);
  sum.part[1] = v16::fma(times, v16::load(x + 16), sum.part[1]);
  sum.part[2] = v16::fma(times, v16::load(x + 32), sum.part[2]);
  sum.part[3] = v16::fma(times, v16::load(x + 48), sum.part[3]);
}
/// sum += factor * x
MAO_V16 void accumulate(float* sum, float factor, const HeadRow& x) {
  const v16::Floats times = v16::all(factor);
  v16::store(sum, v16::fma(times, x.part[0], v16::load(sum)));
  v16::store(sum + 16, v16::fma(times, x.part[1], v16::load(sum + 16)));
  v16::store(sum + 32, v16::fma(times, x.part[2], v16::load(sum + 32)));
  v16::store(sum + 48, v16::fma(times, x.part[3], v16::load(sum + 48)));
}

#endif

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/head_rows.ipp>
#endif
