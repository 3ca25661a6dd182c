// SPDX-License-Identifier: Apache-2.0
#include <mao/models/block.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/phrase.hpp>

#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::relative_difference;

namespace {

constexpr std::int64_t block_width = 128;  // two heads

Block random_block(Activation activation = Activation::QuickGelu) {
  TensorMap weights;
  mao::testing::detail::add_random_blocks(weights, "blocks.", 2, block_width, Rng(3));
  return Block::from(weights, "blocks.", 1, {.activation = activation});
}

Tensor tokens(std::uint64_t seed = 1) { return normal_tensor({2, 5, block_width}, 1.0, Rng(seed)["tokens"]); }

}  // namespace

TEST_CASE("the attention that trains equals the fused one of inference, masked or not", "[block]") {
  const Block block = random_block();
  CHECK(block.heads == 2);
  const float never = -std::numeric_limits<float>::infinity();
  const Tensor causal = at::zeros({5, 5}).masked_fill(at::ones({5, 5}).triu(1).gt(0), never);
  for (const Tensor& mask : {Tensor(), causal}) {
    const Tensor trained = block.forward(tokens().requires_grad_(true), mask);
    CHECK(trained.requires_grad());
    CHECK(relative_difference(block.forward(tokens(), mask), trained) < 1e-5);
  }
}

TEST_CASE("the first token alone is the first token of the whole, in value and gradient", "[block]") {
  const Block block = random_block();
  const Tensor whole = tokens().requires_grad_(true), alone = tokens().requires_grad_(true);
  const Tensor expected = block.forward(whole).select(1, 0), actual = block.forward_first_token(alone);
  expected.square().sum().backward();
  actual.square().sum().backward();
  CHECK(relative_difference(actual, expected) < 1e-5);
  CHECK(relative_difference(alone.grad(), whole.grad()) < 1e-5);
}

TEST_CASE("without a mask the other tokens are a set; under a causal one none sees what follows", "[block]") {
  const Block block = random_block();
  const Tensor x = tokens();
  const Tensor permuted = x.index_select(1, at::tensor({0, 3, 1, 4, 2}));
  CHECK(relative_difference(block.forward(permuted).select(1, 0), block.forward(x).select(1, 0)) < 1e-5);
  const Tensor causal = at::zeros({5, 5}).masked_fill(at::ones({5, 5}).triu(1).gt(0), -1e9);
  const Tensor changed = at::cat({x.narrow(1, 0, 3), tokens(2).narrow(1, 3, 2)}, 1);
  const Tensor before = block.forward(x, causal), after = block.forward(changed, causal);
  CHECK(relative_difference(after.narrow(1, 0, 3), before.narrow(1, 0, 3)) < 1e-5);
  CHECK(relative_difference(after.narrow(1, 3, 2), before.narrow(1, 3, 2)) > 1e-2);
}

TEST_CASE("the two GELUs are what their formulas say, and they differ", "[block]") {
  const Tensor x = at::tensor({-3.0F, -1.0F, 0.0F, 0.5F, 2.0F});
  const Tensor quick = detail::activate(x, Activation::QuickGelu), exact = detail::activate(x, Activation::Gelu);
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    const double v = x[i].item<double>();
    CHECK(quick[i].item<double>() == Approx(v / (1 + std::exp(-1.702 * v))).margin(1e-6));
    CHECK(exact[i].item<double>() == Approx(v * std::erfc(-v / std::sqrt(2.0)) / 2).margin(1e-6));
  }
  const Tensor quick_block = random_block().forward(tokens()),
               exact_block = random_block(Activation::Gelu).forward(tokens());
  CHECK(largest_difference(quick_block, exact_block) > 1e-4);
}
