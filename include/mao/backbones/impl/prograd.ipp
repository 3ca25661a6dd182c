// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/backbones/prograd.hpp>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE Tensor aligned_gradient(const Tensor& task, const Tensor& teacher, double lambda) {
  const double agreement = (task * teacher).sum().item<double>(), square = teacher.square().sum().item<double>();
  if (agreement >= 0 || square == 0) return task;
  return task - teacher * (lambda * agreement / square);
}

}  // namespace mao
