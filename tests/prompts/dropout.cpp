// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/ops.hpp>
#include <mao/prompts/detail/dropout.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("dropout zeroes the fraction it is asked for and keeps the mean", "[dropout]") {
  const Tensor x = at::ones({100, 100});
  const Tensor dropped = dropout(x, 0.25, Rng(1));
  CHECK(dropped.eq(0).to(at::kFloat).mean().item<double>() == Approx(0.25).margin(0.02));
  CHECK(dropped.max().item<double>() == Approx(4.0 / 3));
  CHECK(dropped.mean().item<double>() == Approx(1).margin(0.03));
  CHECK(dropout(x, 0.25, Rng(1)).equal(dropped));
  CHECK_FALSE(dropout(x, 0.25, Rng(2)).equal(dropped));
}

TEST_CASE("dropout does nothing in an evaluation or without a fraction, and refuses what is no fraction", "[dropout]") {
  const Tensor x = at::ones({3, 2});
  CHECK(dropout(x, 0, Rng(1)).is_same(x));
  {
    const at::NoGradGuard frozen;
    CHECK(dropout(x, 0.5, Rng(1)).is_same(x));
  }
  CHECK_THROWS_WITH(dropout(x, 1, Rng(1)), ContainsSubstring("expected 0 to below 1"));
}
