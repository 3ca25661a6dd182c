// SPDX-License-Identifier: Apache-2.0
// Each kernel equals LibTorch's operators and their gradients.
#include <mao/kernels/cpu/row_kernels.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/arange.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#if MAO_HAS_AVX512_KERNELS

using namespace mao;
using mao::testing::relative_difference;
namespace rows = mao::detail::rows;

TEST_CASE("layer norm of a row and its way back are LibTorch's", "[row_kernels]") {
  if (instruction_set() == InstructionSet::Portable) return;
  for (const std::int64_t width : {64, 512, 768}) {
    const Tensor x = (at::randn({width}) * 3 + 1).requires_grad_(true), weight = at::randn({width}),
                 bias = at::randn({width});
    const Tensor expected = at::layer_norm(x, {width}, weight, bias, 1e-5), gradient = at::randn({width}),
                 before = at::randn({width});
    const Tensor out = at::empty_like(expected);
    const auto moments = rows::layer_norm(x.const_data_ptr<float>(), weight.const_data_ptr<float>(),
                                          bias.const_data_ptr<float>(), out.mutable_data_ptr<float>(), width);
    CHECK(relative_difference(out, expected.detach()) < 2e-6);
    expected.backward(gradient);
    const Tensor sum = before.clone(), copy = at::empty_like(sum);
    rows::layer_norm_backward(gradient.const_data_ptr<float>(), x.const_data_ptr<float>(),
                              weight.const_data_ptr<float>(), moments, sum.mutable_data_ptr<float>(),
                              copy.mutable_data_ptr<float>(), width);
    CHECK(relative_difference(sum, before + x.grad()) < 2e-6);
    CHECK(copy.equal(sum));
  }
}

TEST_CASE("QuickGELU and its slope", "[row_kernels]") {
  if (instruction_set() == InstructionSet::Portable) return;
  const Tensor u = (at::randn({256}) * 4).requires_grad_(true), bias = at::randn({256});
  const Tensor expected = u * at::sigmoid(u * 1.702), gradient = at::randn({256});
  expected.backward(gradient);
  for (const bool has_bias : {false, true}) {
    const Tensor slope = has_bias ? u.detach() - bias : u.detach().clone();
    const Tensor out = at::empty_like(slope), back = at::empty_like(slope);
    const float* shift = has_bias ? bias.const_data_ptr<float>() : nullptr;
    rows::quick_gelu<float>(slope.const_data_ptr<float>(), shift, back.mutable_data_ptr<float>(), nullptr, 256);
    rows::quick_gelu(slope.const_data_ptr<float>(), shift, out.mutable_data_ptr<float>(),
                     slope.mutable_data_ptr<float>(), 256);
    CHECK(back.equal(out));
    back.copy_(gradient);
    rows::multiply(slope.const_data_ptr<float>(), back.mutable_data_ptr<float>(), 256);
    CHECK(relative_difference(out, expected.detach()) < 1e-6);
    CHECK(relative_difference(back, u.grad()) < 1e-6);
  }
}

TEST_CASE("sums of rows, with a bias and without", "[row_kernels]") {
  if (instruction_set() == InstructionSet::Portable) return;
  const Tensor x = at::randn({64}), delta = at::randn({64}), bias = at::randn({64}), sum = at::empty_like(x);
  const auto data = [](const Tensor& tensor) { return tensor.const_data_ptr<float>(); };
  rows::add<float>(data(x), data(delta), nullptr, sum.mutable_data_ptr<float>(), 64);
  CHECK(sum.equal(x + delta));
  rows::add(data(x), data(delta), data(bias), sum.mutable_data_ptr<float>(), 64);
  CHECK(sum.equal(x + (delta + bias)));
  rows::add(sum.mutable_data_ptr<float>(), data(bias), 64);
  CHECK(sum.equal(x + (delta + bias) + bias));
}

TEST_CASE("softmax of rows of any width and its way back", "[row_kernels]") {
  if (instruction_set() == InstructionSet::Portable) return;
  for (const std::int64_t width : {1, 5, 16, 17, 199}) {
    const Tensor scores = (at::randn({width}) * 9).requires_grad_(true), gradient = at::randn({width});
    const Tensor expected = at::softmax(scores * 0.125, -1);
    expected.backward(gradient);
    const Tensor row = scores.detach().clone(), back = gradient.clone();
    rows::softmax(row.mutable_data_ptr<float>(), 0.125F, width);
    rows::softmax_backward(row.const_data_ptr<float>(), back.mutable_data_ptr<float>(), 0.125F, width);
    CAPTURE(width);
    CHECK(relative_difference(row, expected.detach()) < 1e-6);
    CHECK(mao::testing::largest_difference(back, scores.grad()) < 1e-6);
    const Tensor half = scores.detach().to(at::kBFloat16);
    rows::softmax(half.mutable_data_ptr<c10::BFloat16>(), 0.125F, width);
    CHECK(mao::testing::largest_difference(half, expected.detach()) < 0.02);
  }
}

TEST_CASE("the exact GELU and its slope, far out too", "[row_kernels]") {
  if (instruction_set() == InstructionSet::Portable) return;
  const Tensor x = at::arange(-40960, 40960).to(at::kFloat) / 2048.0, exact = x.to(at::kDouble),
               out = at::empty_like(x);
  const Tensor expected = at::gelu_backward(at::ones_like(exact), exact), bias = at::randn({x.size(0)});
  for (const bool has_bias : {false, true}) {
    const Tensor slope = has_bias ? x - bias : x.clone();
    rows::gelu(slope.const_data_ptr<float>(), has_bias ? bias.const_data_ptr<float>() : nullptr,
               out.mutable_data_ptr<float>(), slope.mutable_data_ptr<float>(), x.size(0));
    CHECK(mao::testing::largest_difference(out, at::gelu(exact)) < 4e-6);
    CHECK(mao::testing::largest_difference(slope, expected) < 2e-6);
  }
  const Tensor half = x.to(at::kBFloat16), halves = half.clone();
  rows::gelu<c10::BFloat16>(half.const_data_ptr<c10::BFloat16>(), nullptr, halves.mutable_data_ptr<c10::BFloat16>(),
                            nullptr, x.size(0));
  CHECK(relative_difference(halves, at::gelu(half.to(at::kDouble))) < 4e-3);
}

#endif
