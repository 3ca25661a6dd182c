// SPDX-License-Identifier: Apache-2.0
#include <mao/parallel/exchange.hpp>

#include <mao/core/detail/ops.hpp>

#include <ATen/ops/tensor.h>
#include <support/catch.hpp>
#include <support/thread_workers.hpp>

using namespace mao;
using mao_test::in_threads;

TEST_CASE("gradients are added up, each where it belongs; one that nobody has stays undefined", "[exchange]") {
  const auto results = in_threads(3, [](const std::shared_ptr<Workers>& workers) {
    const ParameterList all{{"a", parameter(at::tensor({1.0F, 2.0F}).view({2, 1}))},
                            {"unused", parameter(at::tensor({5.0F}))},
                            {"b", parameter(at::tensor({3.0F}))}};
    (all[0].value.sum() * static_cast<double>(workers->rank() + 1) + all[2].value.square().sum()).backward();
    sum_gradients(*workers, all);
    return all;
  });
  for (const ParameterList& all : results) {
    CHECK(all[0].value.grad().equal(at::tensor({6.0F, 6.0F}).view({2, 1})));
    CHECK_FALSE(all[1].value.grad().defined());
    CHECK(all[2].value.grad().equal(at::tensor({18.0F})));
  }
}

TEST_CASE("the whole loss has the value and the gradients of the parts' sum", "[exchange]") {
  const auto results = in_threads(2, [](const std::shared_ptr<Workers>& workers) {
    const ParameterList all{{"w", parameter(at::tensor({0.5F, 2.0F}))}};
    const Tensor part = all[0].value.square().sum() * static_cast<double>(1 + workers->rank());
    const Tensor whole = whole_loss(*workers, part, all, /*keep_graph=*/false);
    CHECK_FALSE(all[0].value.grad().defined());
    whole.backward();
    CHECK_FALSE(whole_loss(*workers, {}, all, false).defined());
    return std::pair(whole.item<double>(), all[0].value.grad());
  });
  for (const auto& [value, gradient] : results) {
    CHECK(value == Approx(3 * 4.25));
    CHECK(gradient.equal(at::tensor({3.0F, 12.0F})));
  }
}
