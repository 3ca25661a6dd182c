// SPDX-License-Identifier: Apache-2.0
// oneDNN's packed convolutions are LibTorch's own.
#include <mao/kernels/cpu/packed_convolution.hpp>
#include <mao/core/detail/ops.hpp>

#include <mao/core/detail/ops.hpp>

#include <array>

#include <ATen/ops/conv2d.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;

TEST_CASE("a type that oneDNN says it convolves is convolved, and serves other batches", "[packed_convolution]") {
  const auto& packed = detail::OneDnnConvolution::instance();
  CHECK_FALSE(packed.convolves(at::kDouble));
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    if (!packed.convolves(type)) continue;
    const detail::ConvolutionShape shape{.stride = 2, .padding = 1};
    const Tensor weight = (at::randn({16, 8, 3, 3}) / 8).to(type), bias = at::randn({16}).to(type);
    const auto images = [&](std::int64_t count) {
      return at::randn({count, 8, 12, 12}).to(type).contiguous(at::MemoryFormat::ChannelsLast);
    };
    const Tensor kernel = packed.pack(weight, images(4), shape);
    for (const std::int64_t count : {1, 4, 9}) {
      const Tensor x = images(count);
      const std::array stride{shape.stride, shape.stride}, padding{shape.padding, shape.padding};
      const Tensor expected = at::conv2d(x, weight, bias, stride, at::IntArrayRef(padding));
      CHECK(relative_difference(packed.convolve(x, kernel, bias, {}, shape, false), expected) < 2e-2);
      CHECK(relative_difference(packed.convolve(x, kernel, bias, {}, shape, true), at::relu(expected)) < 2e-2);
      const Tensor sum = packed.convolve(x, kernel, bias, expected, shape, true);
      CHECK(relative_difference(sum, at::relu(expected + expected)) < 2e-2);
    }
  }
}
