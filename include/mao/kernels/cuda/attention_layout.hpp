// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The index tensors of packed attention: which token belongs to which row, which row to which prefix, which tokens
/// ask.

#include <cstdint>
#include <vector>

#include <ATen/ops/tensor.h>

#include <mao/core/tensor.hpp>
#include <mao/kernels/cuda/attention.cuh>

namespace mao::cuda {

/// Rows as in `TextBatch`: `offsets` [R + 1] into the suffix tokens, `group` [R] the prefix of each row. Tokens from
/// `offsets.back()` to `suffix` are padding: they see nothing, nothing sees them, their results are zero.
struct PackedRows {
  std::int64_t groups = 1, prefix = 0;  ///< G, P
  std::vector<std::int64_t> offsets, group;
  std::int64_t suffix = 0;  ///< N; 0 stands for offsets.back()

  [[nodiscard]] std::int64_t suffix_tokens() const { return suffix > 0 ? suffix : offsets.back(); }
};

/// `AttentionLayout` as tensors on a device, made once for a batch shape and used by every layer.
class PackedAttention {
 public:
  /// `queries`: the tokens that ask, numbered with the prefix tokens first; empty: all.
  ///
  /// **Throws** `ShapeError` when rows, groups or queries do not fit together.
  static PackedAttention of(const PackedRows& rows, const c10::Device& device,
                            const std::vector<std::int64_t>& queries = {});

  /// The same rows with other queries; shares what the two have in common.
  [[nodiscard]] PackedAttention with_queries(const std::vector<std::int64_t>& queries) const;

  /// Other rows of the same sizes, in the memory of these: what shares them (`with_queries`) has them too.
  ///
  /// **Throws** `ShapeError` for other sizes.
  void refill(const PackedRows& rows);
  /// Other queries, as many as there are.
  void refill_queries(const std::vector<std::int64_t>& queries);

  [[nodiscard]] std::int64_t tokens() const { return sizes_.tokens(); }
  [[nodiscard]] std::int64_t queries() const { return sizes_.queries; }
  [[nodiscard]] bool all_are_queries() const { return !queries_.defined(); }
  [[nodiscard]] c10::Device device() const { return rows_.device(); }

  /// Pointers into this object's tensors, valid as long as it is.
  [[nodiscard]] AttentionLayout raw() const&;
  AttentionLayout raw() const&& = delete;

 private:
  static void check(const PackedRows& rows);

  /// The row of each token, offsets, groups, the tokens of each group (as much space as there are tokens) and where
  /// they begin: one list, one copy to a GPU, whose length depends on the sizes alone.
  [[nodiscard]] std::vector<std::int64_t> lists_of(const PackedRows& rows) const;

  /// The token of each query, then the query of each token.
  [[nodiscard]] std::vector<std::int64_t> query_lists(const std::vector<std::int64_t>& queries) const;

  static Tensor on(const std::vector<std::int64_t>& values, const c10::Device& device) {
    return at::tensor(values, at::kInt).to(device);
  }
  static const std::int32_t* indices(const Tensor& tensor) {
    return static_cast<const std::int32_t*>(tensor.const_data_ptr());
  }

  AttentionLayout sizes_;   // without pointers
  std::int64_t count_ = 0;  // R
  Tensor rows_;             // see lists_of
  Tensor queries_;          // see query_lists; undefined: all are queries
};

}  // namespace mao::cuda

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/kernels/cuda/impl/attention_layout.ipp>
#endif
