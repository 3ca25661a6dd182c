// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/mixing_block.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/prompts/context.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::largest_difference;

TEST_CASE("the mixing block is the formula that it says it is", "[mixing_block]") {
  const std::int64_t width = 6;
  const MixingBlock block("", width, 0.5, Rng(3));
  ParameterList parameters;
  block.append_to(parameters);
  TensorMap p;
  std::int64_t numbers = 0;
  for (const Parameter& one : parameters) {
    p[one.name] = one.value;
    numbers += one.value.numel();
  }
  CHECK(parameters.size() == 12);
  CHECK(numbers == 6 * width * width + 10 * width);
  const at::NoGradGuard frozen;  // no dropout
  for (const Parameter& one : parameters) {
    Tensor value = one.value;
    value.add_(normal_tensor(value.sizes().vec(), 0.1, Rng(8)[one.name]));
  }
  const Tensor x = normal_tensor({4, width}, 1, Rng(4));
  const auto norm = [](const Tensor& rows, const Tensor& weight, const Tensor& bias) {
    const Tensor centred = rows - rows.mean(1, true);
    return centred / (centred.square().mean(1, true).add(1e-5)).sqrt() * weight + bias;
  };
  for (const bool mix : {true, false}) {
    const auto parts = (at::matmul(x, p["self_attn.in_proj_weight"].t()) + p["self_attn.in_proj_bias"]).chunk(3, 1);
    const Tensor weights = (at::matmul(parts[0], parts[1].t()) / std::sqrt(6.0)).softmax(1);
    const Tensor seen = mix ? at::matmul(weights, parts[2]) : parts[2];
    const Tensor attended = at::matmul(seen, p["self_attn.out_proj.weight"].t()) + p["self_attn.out_proj.bias"];
    const Tensor y = norm(x + attended, p["norm1.weight"], p["norm1.bias"]);
    const Tensor z = norm(y, p["norm2.weight"], p["norm2.bias"]);
    const Tensor hidden = (at::matmul(z, p["linear1.weight"].t()) + p["linear1.bias"]).clamp_min(0);
    const Tensor expected = y + at::matmul(hidden, p["linear2.weight"].t()) + p["linear2.bias"];
    CHECK(largest_difference(block(x, mix, Rng(1)), expected) < 1e-5);
  }
}

TEST_CASE("the mixing block starts as torch's modules do", "[mixing_block]") {
  ParameterList parameters;
  MixingBlock("block.", 32, 0.1, Rng(3)).append_to(parameters);
  for (const Parameter& one : parameters) {
    CAPTURE(one.name);
    const double largest = one.value.abs().max().item<double>();
    if (one.name == "block.self_attn.in_proj_weight") {
      CHECK(largest == Approx(std::sqrt(6.0 / 128)).epsilon(0.01));
    } else if (one.value.dim() == 2) {
      CHECK(largest == Approx(1 / std::sqrt(32.0)).epsilon(0.01));
    } else if (one.name.ends_with("proj_bias") || one.name.ends_with("proj.bias")) {
      CHECK(largest == 0);
    }
  }
  CHECK_THROWS_WITH(MixingBlock("block.", 32, -0.1, Rng(3)), ContainsSubstring("block.dropout = -0.1"));
}
