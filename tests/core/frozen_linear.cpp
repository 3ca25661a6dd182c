// SPDX-License-Identifier: Apache-2.0
#include <mao/core/frozen_linear.hpp>

#include <ATen/ops/randn.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;

TEST_CASE("a packed layer is the plain one in both directions, for any number of rows", "[frozen_linear]") {
  const Tensor weight = at::randn({192, 64}), bias = at::randn({192});
  const FrozenLinear exact(weight, bias, Precision::Fp32), half(weight, bias, Precision::Bf16);
  for (const std::int64_t rows : {1, 7, 300, 1500}) {
    const Tensor x = at::randn({rows, 64}), gradient = at::randn({rows, 192});
    const Tensor forward = at::linear(x, weight, bias), backward = at::mm(gradient, weight);
    CAPTURE(rows);
    CHECK(relative_difference(exact.forward(x), forward) < 1e-5);
    CHECK(relative_difference(exact.backward(gradient), backward) < 1e-5);
    CHECK(relative_difference(FrozenLinear(weight, Precision::Fp32).forward(x).add(bias), forward) < 1e-5);
    CHECK(relative_difference(half.forward(x.to(at::kBFloat16)), forward) < 2e-2);
    CHECK(relative_difference(half.backward(gradient.to(at::kBFloat16)), backward) < 2e-2);
  }
}
