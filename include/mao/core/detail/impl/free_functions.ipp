// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/detail/free_functions.hpp>

#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE Tensor id_tensor(const std::vector<std::int64_t>& ids) { return at::tensor(ids); }
MAO_INLINE Tensor joined_rows(const std::vector<Tensor>& parts, std::int64_t dimension) {
  return at::cat(parts, dimension);
}
MAO_INLINE Tensor stacked(const std::vector<Tensor>& parts) { return at::stack(parts); }
MAO_INLINE Tensor zeros_like(const Tensor& tensor) { return at::zeros_like(tensor); }

}  // namespace mao::detail
