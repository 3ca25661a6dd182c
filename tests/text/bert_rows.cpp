// SPDX-License-Identifier: Apache-2.0
#include <mao/text/bert_rows.hpp>

#include <ATen/ops/arange.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>

#include <mao/core/ops.hpp>
#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::relative_difference;

#if MAO_HAS_AVX512_KERNELS

TEST_CASE("GELU and its slope are the exact ones, far out too, and bf16 is rounded to the nearest") {
  MAO_SKIP_UNLESS(instruction_set() == InstructionSet::Avx512, "no AVX-512");
  const Tensor x = at::arange(-40960, 40960).to(at::kFloat) / 2048.0, slope = x.clone(), out = x.clone();
  detail::gelu_rows(slope.mutable_data_ptr<float>(), out.mutable_data_ptr<float>(), x.size(0));
  const Tensor exact = x.to(at::kDouble);
  CHECK(largest_difference(out, at::gelu(exact)) < 4e-6);
  CHECK(largest_difference(slope, at::gelu_backward(at::ones(x.sizes(), at::kDouble), exact)) < 1e-6);
  const Tensor half = x.to(at::kBFloat16), rounded = half.clone(), halves = half.clone();
  detail::gelu_rows(rounded.mutable_data_ptr<c10::BFloat16>(), halves.mutable_data_ptr<c10::BFloat16>(), x.size(0));
  CHECK(relative_difference(halves, at::gelu(half.to(at::kDouble))) < 4e-3);
  const Tensor product = half.clone();
  detail::multiply_rows(at::ones(x.sizes(), at::kBFloat16).mul(3).const_data_ptr<c10::BFloat16>(),
                        product.mutable_data_ptr<c10::BFloat16>(), x.size(0));
  CHECK(product.equal(half * 3));
}

TEST_CASE("the layer norm of a sum and its gradient are LibTorch's") {
  MAO_SKIP_UNLESS(instruction_set() == InstructionSet::Avx512, "no AVX-512");
  constexpr std::int64_t width = 48;
  const Tensor x = at::randn({width}) * 3, delta = at::randn({width}) + 1, weight = at::randn({width}),
               bias = at::randn({width}), gradient = at::randn({width}), more = at::randn({width});
  const auto read = [](const Tensor& of) { return of.const_data_ptr<float>(); };
  Tensor sum = at::ones({width}), normed = at::ones({width}), copy = at::ones({width}), back = at::ones({width});
  const auto write = [](Tensor& of) { return of.mutable_data_ptr<float>(); };
  const detail::RowMoments moments = detail::add_norm_row(read(x), read(delta), read(weight), read(bias), 1e-12F,
                                                          write(sum), write(normed), write(copy), width);
  const Tensor input = parameter(x + delta), expected = at::layer_norm(input, {width}, weight, bias, 1e-12);
  CHECK(relative_difference(sum, input.detach()) < 1e-6);
  CHECK(relative_difference(normed, expected.detach()) < 1e-5);
  CHECK(copy.equal(normed));
  for (const bool two : {true, false}) {
    input.mutable_grad() = Tensor();
    detail::norm_backward_row(read(gradient), two ? read(more) : nullptr, read(sum), read(weight), moments, write(back),
                              write(copy), width);
    at::layer_norm(input, {width}, weight, bias, 1e-12).backward(two ? gradient + more : gradient);
    CHECK(relative_difference(back, input.grad()) < 1e-5);
    CHECK(copy.equal(back));
  }
}

#endif
