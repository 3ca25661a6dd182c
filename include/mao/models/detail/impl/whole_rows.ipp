// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/whole_rows.hpp>

#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE WholeRows WholeRows::of(const TextBatch& batch) {
  const std::int64_t shared = batch.prefix.size(1), groups = batch.prefix.size(0);
  std::vector<std::int64_t> order, offsets{0};  // rows of [all prefixes; all suffixes]
  for (std::int64_t row = 0; row < batch.rows(); ++row) {
    const auto r = static_cast<std::size_t>(row);
    for (std::int64_t i = 0; i < shared; ++i) order.push_back(batch.group[r] * shared + i);
    for (std::int64_t i = batch.offsets[r]; i < batch.offsets[r + 1]; ++i) order.push_back(groups * shared + i);
    offsets.push_back(static_cast<std::int64_t>(order.size()));
  }
  const Tensor parts = at::cat({batch.prefix.flatten(0, 1), batch.suffix});
  return {parts.index_select(0, at::tensor(order).to(parts.device())), std::move(offsets)};
}

}  // namespace mao::detail
