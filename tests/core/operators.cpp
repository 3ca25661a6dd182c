// SPDX-License-Identifier: Apache-2.0
#include <mao/core/operators.hpp>

#include <ATen/ops/full.h>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("tensors add, subtract, multiply and divide with this header alone", "[operators]") {
  const Tensor six = at::full({2}, 6.0), two = at::full({2}, 2.0);
  CHECK((six + two).sum().item<double>() == 16);
  CHECK((six - 1.0).sum().item<double>() == 10);
  CHECK((0.5 * six * two).sum().item<double>() == 12);
  CHECK((six / two).sum().item<double>() == 6);
  CHECK((-six).sum().item<double>() == -12);
}
