// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Attention among all tokens of many short packed rows, and its backward pass: the CPU kernel of the sentence
/// encoder. For CPUs with AVX-512; `instruction_set()` says whether to call it.

#include <mao/kernels/cpu/row_kernels.hpp>

#if MAO_HAS_AVX512_KERNELS

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <mao/core/tensor.hpp>

namespace mao::detail {

inline std::int64_t whole_lanes(std::int64_t count) { return (count + 15) / 16 * 16; }

/// One head of a row's queries, keys or values, or of their gradients: `width` floats of every token.
template <class Type>
struct HeadTokens {
  Type* at = nullptr;
  std::int64_t stride = 0;  ///< floats from one token to the next

  Type* token(std::int64_t i) const { return at + i * stride; }
};

/// to[c][j] = from.token(j)[c], for j beyond `length` zero. **Shapes** to [width, whole_lanes(length)]
template <class Type>
MAO_AVX512 void transpose_tokens(HeadTokens<const Type> from, std::int64_t length, std::int64_t width, float* to) {
  const std::int64_t padded = whole_lanes(length);
  std::fill_n(to, padded * width, 0.0F);
  for (std::int64_t j = 0; j < length; ++j) {
    for (std::int64_t c = 0; c < width; ++c) to[c * padded + j] = static_cast<float>(from.token(j)[c]);
  }
}

/// out = sum of factors[i] * row(i), over `count` rows of `width` numbers.
template <class Factor, class RowAt, class Type>
MAO_V16 void combine(const Factor* factors, std::int64_t factor_stride, std::int64_t count, const RowAt& row,
                     std::int64_t width, Type* out) {
  for (std::int64_t c = 0; c < width; c += 16) {
    v16::Floats sum = v16::zero();
    for (std::int64_t i = 0; i < count; ++i) {
      sum = v16::fma(v16::all(static_cast<float>(factors[i * factor_stride])), v16::load(row(i) + c), sum);
    }
    v16::store(out + c, sum);
  }
}

/// Packed rows under attention of `heads` heads, in fp32 or bf16. Queries, keys and values stand side by side: [T, 3 W].
class PackedBertAttention {
 public:
  /// **Shapes** offsets N + 1 values. `width` is W; a head has a multiple of 16 numbers.
  PackedBertAttention(std::vector<std::int64_t> offsets, std::int64_t heads, std::int64_t width);

  /// **Shapes** qkv [T, 3 W] -> [T, W]; the attention weights are left in `weights`.
  [[nodiscard]] Tensor forward(const Tensor& qkv, Tensor& weights) const;

  /// **Shapes** gradient [T, W] of what `forward` gave -> [T, 3 W], that of `qkv`.
  [[nodiscard]] Tensor backward(const Tensor& qkv, const Tensor& weights, const Tensor& gradient) const;

 private:
  struct HeadOfRow {
    std::int64_t begin, length;    // of the row's tokens
    std::int64_t column, weights;  // where the head's numbers and its attention weights begin
  };

  /// Calls `work(head, space)` for every head of every row; `space` is enough for either direction.
  template <class Work>
  void in_heads(const Work& work) const {
    const auto rows = static_cast<std::int64_t>(offsets_.size()) - 1;
    at::parallel_for(0, rows, 8, [&](std::int64_t first, std::int64_t last) {
      std::vector<float> space(static_cast<std::size_t>(whole_lanes(longest_) * (head_width_ + longest_)));
      for (std::int64_t row = first; row < last; ++row) {
        const auto i = static_cast<std::size_t>(row);
        HeadOfRow head{offsets_[i], offsets_[i + 1] - offsets_[i], 0, weights_at_[i]};
        for (; head.column < width_; head.column += head_width_) {
          work(head, space.data());
          head.weights += head.length * whole_lanes(head.length);
        }
      }
    });
  }

  [[nodiscard]] float scale() const { return 1.0F / std::sqrt(static_cast<float>(head_width_)); }

  /// `query` is followed by keys and values, W numbers further each.
  template <class Type>
  MAO_AVX512 void attend(HeadTokens<const Type> query, std::int64_t length, float* weights, HeadTokens<Type> out,
                         float* space) const {
    const std::int64_t padded = whole_lanes(length);
    const auto key_column = [&](std::int64_t c) { return space + c * padded; };
    const auto value = [&](std::int64_t j) { return query.token(j) + 2 * width_; };
    transpose_tokens<Type>({query.at + width_, query.stride}, length, head_width_, space);
    for (std::int64_t i = 0; i < length; ++i, weights += padded) {
      combine(query.token(i), 1, head_width_, key_column, padded, weights);
      rows::softmax(weights, scale(), length);
      combine(weights, 1, length, value, head_width_, out.token(i));
    }
  }

  /// `query` and `back` are followed by keys and values, W numbers further each.
  template <class Type>
  MAO_AVX512 void attend_backward(HeadTokens<const Type> query, std::int64_t length, const float* weights,
                                  HeadTokens<const Type> arrived, HeadTokens<Type> back, float* space) const {
    const std::int64_t padded = whole_lanes(length);
    float* slopes = space + padded * head_width_;  // [length, padded], of the scores
    const auto value_column = [&](std::int64_t c) { return space + c * padded; };
    const auto key = [&](std::int64_t j) { return query.token(j) + width_; };
    transpose_tokens<Type>({query.at + 2 * width_, query.stride}, length, head_width_, space);
    for (std::int64_t i = 0; i < length; ++i) {
      float* slope = slopes + i * padded;
      combine(arrived.token(i), 1, head_width_, value_column, padded, slope);
      rows::softmax_backward(weights + i * padded, slope, scale(), length);
      combine(slope, 1, length, key, head_width_, back.token(i));
    }
    for (std::int64_t j = 0; j < length; ++j) {
      combine(slopes + j, padded, length, [&](std::int64_t i) { return query.token(i); }, head_width_,
              back.token(j) + width_);
      combine(weights + j, padded, length, [&](std::int64_t i) { return arrived.token(i); }, head_width_,
              back.token(j) + 2 * width_);
    }
  }

  std::vector<std::int64_t> offsets_, weights_at_{0};
  std::int64_t heads_, width_, head_width_, longest_ = 0;
};

}  // namespace mao::detail

#endif

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/bert_attention.ipp>
#endif
