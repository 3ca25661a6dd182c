// SPDX-License-Identifier: Apache-2.0
// Each pass over rows is LibTorch's formula, in both types, with the bias that a product left out and without.
#include <mao/kernels/cpu/row_passes.hpp>

#include <mao/core/detail/ops.hpp>

#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/zeros.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#if MAO_HAS_AVX512_KERNELS

using namespace mao;
using mao::testing::relative_difference;

TEST_CASE("passes over rows are the formulas", "[row_passes]") {
  if (instruction_set() == InstructionSet::Portable) return;
  const std::int64_t width = 64;
  const detail::NormWeights norm{at::randn({width}), at::randn({width})};
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    const double tolerance = type == at::kFloat ? 2e-6 : 1e-2;
    const Tensor x = at::randn({7, width}), delta = at::randn({7, width}).to(type), bias = at::randn({width});
    for (const bool has_bias : {false, true}) {
      CAPTURE(has_bias, type == at::kBFloat16);
      const detail::Unbiased more{delta, has_bias ? bias : Tensor()};
      const Tensor whole = has_bias ? delta.to(at::kFloat) + bias : delta.to(at::kFloat), sum = x + whole;
      CHECK(relative_difference(detail::add_rows(x, more), sum) < 1e-6);
      Tensor total, moments;
      const Tensor normed = detail::add_layer_norm_rows(x, more, norm, total, moments);
      CHECK(relative_difference(total, sum) < 1e-6);
      CHECK(relative_difference(normed, at::layer_norm(sum, {width}, norm.weight, norm.bias)) < tolerance);
      for (const bool keep_slope : {false, true}) {
        const detail::Unbiased hidden{delta.clone(), more.bias}, other{delta.clone(), more.bias};
        const Tensor active = detail::quick_gelu_rows(hidden, keep_slope);
        CHECK(relative_difference(active, whole * at::sigmoid(whole * 1.702)) < tolerance);
        CHECK(active.is_same(hidden.rows) == !keep_slope);
        CHECK(relative_difference(detail::gelu_rows(other, keep_slope), at::gelu(whole)) < tolerance);
      }
    }
  }
}

TEST_CASE("a bias is added to rows that lie apart and to nothing between them", "[row_passes]") {
  if (instruction_set() == InstructionSet::Portable) return;
  const Tensor wide = at::zeros({5, 96}), bias = at::randn({32});
  detail::add_bias_rows(wide.narrow(1, 32, 32), bias);
  CHECK(wide.narrow(1, 32, 32).equal(bias.expand({5, 32})));
  CHECK(wide.narrow(1, 0, 32).abs().sum().item<float>() + wide.narrow(1, 64, 32).abs().sum().item<float>() == 0);
}

#endif
