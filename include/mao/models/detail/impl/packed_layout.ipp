// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/packed_layout.hpp>

#include <algorithm>
#include <vector>

#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao::detail {

MAO_INLINE PackedLayout PackedLayout::of(const TextBatch& batch) {
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

}  // namespace mao::detail
