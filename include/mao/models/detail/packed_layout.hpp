// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How rows of different lengths lie in the packed text tower.

#include <algorithm>
#include <limits>
#include <vector>

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <mao/core/detail/ops.hpp>
#include <mao/models/text_batch.hpp>

namespace mao {

namespace detail {

/// -inf where a query must not see: query i sees keys 0 .. offset + i. **Shape** [queries, keys].
inline Tensor causal_mask(std::int64_t queries, std::int64_t keys, std::int64_t offset, at::TensorOptions options) {
  return at::full({queries, keys}, -std::numeric_limits<float>::infinity(), options).triu(offset + 1);
}

/// Index tensors between packed suffix tokens [N] and padded ones [R, L].
struct PackedLayout {
  Tensor gather;     ///< [R * L] packed token of each padded cell (its row's first where there is none)
  Tensor scatter;    ///< [N] padded cell of each packed token
  Tensor positions;  ///< [N] position of each packed token in its sequence
  Tensor last;       ///< [R] packed index of the last token of each row
  Tensor group;      ///< [R]
  Tensor read_mask;  ///< [R, 1, 1, P + L] additive: what the last token of each row sees
  std::int64_t longest = 0;

  static PackedLayout of(const TextBatch& batch) {
    const std::int64_t rows = batch.rows(), prefix = batch.prefix.size(1);
    PackedLayout layout;
    layout.longest = batch.longest_suffix();
    std::vector<std::int64_t> gather, scatter, positions, last;
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int64_t begin = batch.offsets[static_cast<std::size_t>(r)], length = batch.suffix_length(r);
      for (std::int64_t i = 0; i < layout.longest; ++i) gather.push_back(begin + (i < length ? i : 0));
      for (std::int64_t i = 0; i < length; ++i) {
        scatter.push_back(r * layout.longest + i);
        positions.push_back(prefix + i);
      }
      last.push_back(begin + length - 1);
    }
    const auto device = batch.suffix.device();
    layout.gather = at::tensor(gather).to(device);
    layout.scatter = at::tensor(scatter).to(device);
    layout.positions = at::tensor(positions).to(device);
    layout.last = at::tensor(last).to(device);
    layout.group = at::tensor(batch.group).to(device);
    const Tensor seen = layout.positions.index_select(0, layout.last).view({rows, 1, 1, 1});
    const Tensor keys = at::arange(prefix + layout.longest, layout.positions.options()).view({1, 1, 1, -1});
    layout.read_mask = at::zeros({rows, 1, 1, prefix + layout.longest}, batch.suffix.options())
                           .masked_fill(keys.gt(seen), -std::numeric_limits<float>::infinity());
    return layout;
  }
};

}  // namespace detail
}  // namespace mao
