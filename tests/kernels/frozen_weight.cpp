// SPDX-License-Identifier: Apache-2.0
#include <mao/kernels/cpu/frozen_weight.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/randn.h>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("an fp32 weight is never copied", "[frozen_weight]") {
  const Tensor given = at::randn({8, 4});
  const FrozenWeight weight(given);
  CHECK(weight.type() == at::kFloat);
  CHECK(weight.exact().const_data_ptr() == given.const_data_ptr());
  CHECK(weight.cast().const_data_ptr() == given.const_data_ptr());
  CHECK(weight.converted().const_data_ptr() == given.const_data_ptr());
}

TEST_CASE("a bf16 weight is converted once for all copies, and keeps what was given", "[frozen_weight]") {
  const Tensor given = at::randn({8, 4});
  const FrozenWeight weight(given, Precision::Bf16), copy = weight;
  CHECK(weight.type() == at::kBFloat16);
  CHECK(weight.exact().const_data_ptr() == given.const_data_ptr());
  CHECK(weight.cast().equal(given.to(at::kBFloat16)));
  CHECK(copy.cast().const_data_ptr() == weight.cast().const_data_ptr());
  CHECK(weight.converted().equal(weight.cast()));
  CHECK(weight.converted().const_data_ptr() != weight.cast().const_data_ptr());
}
