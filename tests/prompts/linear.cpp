// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/linear.hpp>

#include <cmath>

#include <ATen/ops/matmul.h>

#include <mao/core/detail/ops.hpp>
#include <mao/prompts/context.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::largest_difference;

TEST_CASE("a linear map is a matrix and a shift", "[linear]") {
  const Linear map("net.one", 5, 3, Rng(1));
  const Tensor x = normal_tensor({2, 4, 5}, 1.0, Rng(2));
  const Tensor expected = at::matmul(x, map.weight().t()) + map.bias();
  CHECK(largest_difference(map(x), expected) < 1e-6);
  const Linear plain("net.one", 5, 3, Rng(1), Linear::Bias::No);
  CHECK(plain.weight().equal(map.weight()));
  CHECK(largest_difference(plain(x), at::matmul(x, map.weight().t())) < 1e-6);
}

TEST_CASE("a linear map starts uniform within one over the root of its inputs", "[linear]") {
  const Linear map("net", 64, 50, Rng(7));
  const double bound = 1.0 / 8.0;
  for (const Tensor& part : {map.weight(), map.bias()}) {
    CHECK(part.abs().max().item<double>() <= bound);
    CHECK(part.abs().max().item<double>() > 0.8 * bound);
  }
  // A uniform draw has the standard deviation bound / sqrt(3); 3,200 draws come within a few percent.
  CHECK(map.weight().std().item<double>() == Approx(bound / std::sqrt(3.0)).epsilon(0.05));
  CHECK_FALSE(Linear("other", 64, 50, Rng(7)).weight().equal(map.weight()));
  CHECK(Linear("net", 64, 50, Rng(7)).weight().equal(map.weight()));
}

TEST_CASE("a linear map lists what trains under its name", "[linear]") {
  const Linear map("prompt_learner.proj", 4, 2, Rng(1)), plain("b", 4, 2, Rng(1), Linear::Bias::No);
  ParameterList list;
  map.append_to(list);
  plain.append_to(list, 6.5);
  REQUIRE(list.size() == 3);
  CHECK(list[0].name == "prompt_learner.proj.weight");
  CHECK(list[1].name == "prompt_learner.proj.bias");
  CHECK(list[2].name == "b.weight");
  CHECK(list[2].rate == 6.5);
  for (const Parameter& parameter : list) {
    CHECK(parameter.value.is_leaf());
    CHECK(parameter.value.requires_grad());
  }
  CHECK(list[0].value.is_same(map.weight()));
}

TEST_CASE("a linear map of no width is refused", "[linear]") {
  CHECK_THROWS_WITH(Linear("prompt_learner.meta_net.linear1", 8, 0, Rng(1)),
                    ContainsSubstring("meta_net.linear1: a map from 8 to 0 numbers"));
}
