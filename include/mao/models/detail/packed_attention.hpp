// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Causal attention of many short sequences with shared prefixes, and its backward pass: CPU kernel of the packed text
/// tower.

#include <cstdint>
#include <type_traits>
#include <utility>

#include <mao/kernels/cpu/row_kernels.hpp>
#include <mao/models/detail/head_rows.hpp>

namespace mao::detail {

#if MAO_HAS_AVX512_KERNELS

/// 1 / sqrt(head_width)
inline constexpr float attention_scale = 0.125F;

/// Keys and values of rows that every query sees first and that need no gradient. **Shapes** [m, W] or undefined.
struct ConstantRows {
  Tensor key, value;
};

/// Attention over packed sequences as `FusedBlock` wants it. What every query sees first are rows of the buffer, or
/// constants.
class PackedAttention {
 public:
  PackedAttention() = default;
  explicit PackedAttention(PackedSequences sequences, ConstantRows constants = {})
      : sequences_(std::move(sequences)), constants_(std::move(constants)) {}

  Tensor forward(const Projections& in, Tensor* kept) const;

  void backward(const Projections& in, const Tensor& kept, const Tensor& gradient, Projections& back) const;

 private:
  template <class Type>
  HeadRows<Type> rows_of(const Projections& in) const {
    using Plain = std::remove_const_t<Type>;
    HeadRows<Type> rows{.query = in.query.mutable_data_ptr<Plain>(),
                        .key = in.key.mutable_data_ptr<Plain>(),
                        .value = in.value.mutable_data_ptr<Plain>(),
                        .query_stride = in.query.stride(0),
                        .key_stride = in.key.stride(0)};
    if (constants_.key.defined()) return rows;
    rows.attended_key = rows.key + sequences_.attended_begin * rows.key_stride;
    rows.attended_value = rows.value + sequences_.attended_begin * rows.key_stride;
    rows.attended_stride = rows.key_stride;
    return rows;
  }

  /// The same, with the constants.
  template <class Type>
  HeadRows<Type> rows_seen(const Projections& in) const {
    HeadRows<Type> rows = rows_of<Type>(in);
    if (!constants_.key.defined()) return rows;
    rows.attended_key = constants_.key.const_data_ptr<std::remove_const_t<Type>>();
    rows.attended_value = constants_.value.const_data_ptr<std::remove_const_t<Type>>();
    rows.attended_stride = constants_.key.stride(0);
    return rows;
  }

  template <class Work>
  static void each_head(at::ScalarType type, std::int64_t heads, const Work& work) {
    at::parallel_for(0, heads, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t head = begin; head < end; ++head) {
        rows::with_product_type(type, [&](auto zero) { work(zero, head); });
      }
    });
  }

  PackedSequences sequences_;
  ConstantRows constants_;
};

#endif

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/packed_attention.ipp>
#endif
