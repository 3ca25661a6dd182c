// SPDX-License-Identifier: Apache-2.0
// Uses a header of the standard library only and one that needs LibTorch, and links.
#include <ATen/ops/ones.h>

#include <cstdio>

#include <mao/core/class_list.hpp>
#include <mao/core/tensor.hpp>
#include <mao/version.hpp>

int main() {
  const mao::Tensor weight = mao::parameter(at::ones({2, 3}));
  weight.mul(2).sum().backward();
  const double slope = weight.grad().sum().item<double>();
  std::printf("mao %s: slope %g\n", mao::version, slope);
  return slope == 12 ? 0 : 1;
}
