// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/own_tensor.hpp>

#include <ATen/core/grad_mode.h>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE OwnTensor& OwnTensor::operator=(OwnTensor&& other) noexcept {
  static_cast<Tensor&>(*this) = std::move(static_cast<Tensor&>(other));
  return *this;
}

MAO_INLINE OwnTensor& OwnTensor::operator=(const Tensor& value) {
  static_cast<Tensor&>(*this) = value;
  return *this;
}

MAO_INLINE Tensor OwnTensor::copy_of(const Tensor& value) {
  if (!value.defined()) return value;
  const at::NoGradGuard no_graph;
  return value.detach().clone().requires_grad_(value.requires_grad());
}

}  // namespace mao
