// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>

#include <support/catch.hpp>

TEST_CASE("operators work on tensors and numbers and carry gradients") {
  const auto value = mao::parameter(at::arange(3, at::kFloat));
  const auto result = (value * 2 + 1 - value) / value.detach().add(1);
  CHECK(at::equal(result.detach(), at::zeros({3}) + 1));
  CHECK(result.requires_grad());
}
