// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/adapter.hpp>
#include <mao/prompts/context.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/matmul.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::largest_difference;

TEST_CASE("an adapter blends a bottleneck with its input", "[adapter]") {
  const Adapter adapter("adapter_text", 16, 0.2, Rng(1));
  ParameterList parameters;
  adapter.append_to(parameters);
  REQUIRE(parameters.size() == 2);
  CHECK(parameters[0].name == "adapter_text.fc.0.weight");
  CHECK(parameters[1].name == "adapter_text.fc.2.weight");
  CHECK(shape_text(parameters[0].value.sizes()) == "[4, 16]");
  CHECK(shape_text(parameters[1].value.sizes()) == "[16, 4]");
  const Tensor x = normal_tensor({3, 16}, 1.0, Rng(2));
  const Tensor hidden = at::matmul(x, parameters[0].value.t()).clamp_min(0);
  const Tensor expected = at::matmul(hidden, parameters[1].value.t()).clamp_min(0) * 0.2 + x * 0.8;
  CHECK(largest_difference(adapter(x).detach(), expected.detach()) < 1e-6);
}

TEST_CASE("an adapter with no share passes its input through", "[adapter]") {
  const Tensor x = normal_tensor({3, 16}, 1.0, Rng(2));
  CHECK(Adapter("adapter", 16, 0, Rng(1))(x).equal(x));
}

TEST_CASE("an adapter refuses a share that is none", "[adapter]") {
  CHECK_THROWS_WITH(Adapter("adapter", 16, 1.5, Rng(1)), ContainsSubstring("adapter: a share of 1.5"));
  CHECK_THROWS_AS(Adapter("adapter", 3, 0.5, Rng(1)), OptionError);
}
