// SPDX-License-Identifier: Apache-2.0
#include <mao/kernels/cpu/frozen_convolution.hpp>
#include <mao/core/detail/ops.hpp>

#include <mao/core/detail/ops.hpp>

#include <array>

#include <ATen/ops/conv2d.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randn_like.h>
#include <ATen/ops/relu.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;

namespace {

Tensor plain(const Tensor& x, const Tensor& weight, const Tensor& bias, std::int64_t stride) {
  const std::int64_t pad = weight.size(2) / 2;
  const std::array strides{stride, stride}, padding{pad, pad};
  return at::conv2d(x, weight, bias, strides, at::IntArrayRef(padding));
}

}  // namespace

TEST_CASE("a frozen convolution is the library's, whatever the batch, and what follows is exact",
          "[frozen_convolution]") {
  for (const auto& [kernel, stride] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {3, 1}, {3, 2}}) {
    const Tensor weight = at::randn({24, 12, kernel, kernel}), bias = at::randn({24});
    const FrozenConvolution convolution(weight, bias, Precision::Fp32, stride);
    for (const std::int64_t batch : {1, 5, 2}) {
      const Tensor x = at::randn({batch, 12, 10, 10}).contiguous(at::MemoryFormat::ChannelsLast);
      const Tensor expected = plain(x, weight, bias, stride), beside = at::randn_like(expected);
      CHECK(relative_difference(convolution.forward(x), expected) < 1e-5);
      CHECK(relative_difference(convolution.forward_relu(x), at::relu(expected)) < 1e-5);
      const Tensor shortcut = beside.contiguous(at::MemoryFormat::ChannelsLast), before = shortcut.clone();
      CHECK(relative_difference(convolution.forward_add_relu(x, shortcut), at::relu(expected + beside)) < 1e-5);
      CHECK(shortcut.equal(before));
    }
  }
}

TEST_CASE("bf16 gives bf16, and a gradient passes", "[frozen_convolution]") {
  const Tensor weight = at::randn({16, 8, 3, 3}) / 8, bias = at::randn({16}), x = at::randn({2, 8, 6, 6});
  const FrozenConvolution rough(weight, bias, Precision::Bf16), exact(weight, bias, Precision::Fp32);
  const Tensor result = rough.forward(x.to(at::kBFloat16));
  CHECK(result.scalar_type() == at::kBFloat16);
  CHECK(relative_difference(result.to(at::kFloat), exact.forward(x)) < 3e-2);
  CHECK(exact.forward_relu(x.clone().requires_grad_(true)).requires_grad());
}
