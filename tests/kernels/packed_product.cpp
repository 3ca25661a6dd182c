// SPDX-License-Identifier: Apache-2.0
// The packed products of the libraries are LibTorch's own linear layer.
#include <mao/kernels/cpu/packed_product.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;

TEST_CASE("oneDNN's packed product serves any number of rows", "[packed_product]") {
  const auto& product = detail::OneDnnProduct::instance();
  MAO_SKIP_UNLESS(product.available(), "this LibTorch has no packed product of oneDNN");
  const Tensor weight = at::randn({48, 32}), bias = at::randn({48}), packed = product.pack(weight, 16);
  for (const std::int64_t rows : {1, 16, 333}) {
    const Tensor x = at::randn({rows, 32});
    CHECK(relative_difference(product.multiply(x, packed, bias), at::linear(x, weight, bias)) < 1e-5);
    CHECK(relative_difference(product.multiply(x, packed, {}), at::linear(x, weight)) < 1e-5);
  }
}

TEST_CASE("MKL's packed product serves the rows that it was packed for", "[packed_product]") {
  const auto& product = detail::MklProduct::instance();
  MAO_SKIP_UNLESS(product.available(), "this LibTorch has no packed product of MKL");
  for (const std::int64_t rows : {1, 16, 333}) {
    const Tensor weight = at::randn({48, 32}), bias = at::randn({48}), packed = product.pack(weight, rows);
    const Tensor x = at::randn({rows, 32});
    CHECK(relative_difference(product.multiply(x, packed, weight, bias), at::linear(x, weight, bias)) < 1e-5);
    CHECK(relative_difference(product.multiply(x, packed, weight, {}), at::linear(x, weight)) < 1e-5);
  }
}

TEST_CASE("a type that oneDNN says it multiplies is multiplied", "[packed_product]") {
  const auto& product = detail::OneDnnProduct::instance();
  MAO_SKIP_UNLESS(product.available(), "this LibTorch has no packed product of oneDNN");
  CHECK_FALSE(product.multiplies(at::kDouble));
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    if (!product.multiplies(type)) continue;
    const Tensor weight = at::randn({48, 32}).to(type), x = at::randn({5, 32}).to(type);
    CHECK(relative_difference(product.multiply(x, product.pack(weight, 16), {}), at::linear(x, weight)) < 2e-2);
  }
}
