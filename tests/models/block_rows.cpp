// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/block_rows.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/layer_norm.h>
#include <ATen/ops/randn.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#if MAO_HAS_AVX512_KERNELS

using namespace mao;
using mao::testing::relative_difference;

TEST_CASE("a residual stream is its rows and what is still to be added", "[block_rows]") {
  if (instruction_set() == InstructionSet::Portable) return;
  const Tensor rows = at::randn({5, 64}), more = at::randn({5, 64}), bias = at::randn({64});
  const mao::detail::NormWeights norm{at::randn({64}), at::randn({64})};
  const auto check = [&](const mao::detail::ResidualStream& stream, const Tensor& expected) {
    Tensor sum, moments;
    const Tensor normed = stream.normed(norm, at::kFloat, sum, moments);
    CHECK(relative_difference(stream.total(), expected) < 1e-6);
    CHECK(relative_difference(sum, expected) < 1e-6);
    CHECK(relative_difference(normed, at::layer_norm(expected, {64}, norm.weight, norm.bias)) < 1e-5);
    CHECK(moments.size(0) == 5);
  };
  check({rows}, rows);
  check({rows, {more, {}}}, rows + more);
  check({rows, {more, bias}}, rows + more + bias);
}

#endif
