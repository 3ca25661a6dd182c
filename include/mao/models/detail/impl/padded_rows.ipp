// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/padded_rows.hpp>

#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE PaddedRows PaddedRows::of(const TextBatch& batch, std::int64_t begin, std::int64_t end,
                                     const Tensor& padding, std::int64_t context, TextPooling pooling) {
  std::vector<Tensor> rows;
  std::vector<std::int64_t> read;
  for (std::int64_t r = begin; r < end; ++r) {
    const auto row = static_cast<std::size_t>(r);
    const Tensor suffix = batch.suffix.narrow(0, batch.offsets[row], batch.suffix_length(r));
    const std::int64_t length = batch.prefix.size(1) + suffix.size(0);
    rows.push_back(at::cat(
        {batch.prefix.select(0, batch.group[row]), suffix, padding.expand({context - length, padding.size(0)})}));
    read.push_back(pooling == TextPooling::End ? length - 1 : pooling == TextPooling::First ? 0 : context - 1);
  }
  return {at::stack(rows), at::tensor(read).to(padding.device())};
}

}  // namespace mao::detail
