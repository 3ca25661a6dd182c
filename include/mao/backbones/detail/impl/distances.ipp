// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/backbones/detail/distances.hpp>

#include <ATen/ops/matmul.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao {

MAO_INLINE Tensor relational_angle(const Tensor& x, const Tensor& teacher) {
  const std::int64_t count = x.size(0);
  const Tensor squares = (at::matmul(x, x.t()) - at::matmul(teacher, teacher.t())).square();
  const double pairs = static_cast<double>(count > 1 ? count * (count - 1) : 1);
  return (squares.sum() - squares.trace()) * (1.0 / pairs);
}

}  // namespace mao
