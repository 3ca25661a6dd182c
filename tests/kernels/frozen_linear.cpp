// SPDX-License-Identifier: Apache-2.0
#include <mao/kernels/cpu/frozen_linear.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>

#include <thread>
#include <vector>

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

TEST_CASE("many rows give the same whatever numbers of rows and threads came before", "[frozen_linear]") {
  const Tensor weight = at::randn({96, 64});
  const FrozenLinear layer(weight, Precision::Fp32);
  const auto check = [&](std::int64_t rows) {
    const Tensor x = at::randn({rows, 64});
    return relative_difference(layer.forward(x), at::linear(x, weight)) < 1e-6;
  };
  for (const std::int64_t rows : {1100, 1100, 1100, 1500, 1100, 1500, 1500, 1100, 7, 1500}) {
    CAPTURE(rows);
    CHECK(check(rows));
  }
  const int usual = at::get_num_threads();
  for (const int number : std::vector<int>{1, 2, 2, 1, usual}) {
    at::set_num_threads(number);
    for (int round = 0; round < 3; ++round) CHECK(check(1500));
  }
  std::vector<char> passed(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < passed.size(); ++i) {
    threads.emplace_back([&, i] {
      const at::NoGradGuard none;
      bool all = true;
      for (int round = 0; round < 20; ++round) all = check(1200 + static_cast<std::int64_t>(i % 2) * 100) && all;
      passed[i] = all ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(passed == std::vector<char>(4, 1));
}
