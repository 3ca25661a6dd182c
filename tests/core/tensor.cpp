// SPDX-License-Identifier: Apache-2.0
#include <mao/core/tensor.hpp>

#include <mao/core/error.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>

#include <support/catch.hpp>

TEST_CASE("shapes print as lists") {
  CHECK(mao::shape_text({4, 512}) == "[4, 512]");
  CHECK(mao::shape_text({7}) == "[7]");
  CHECK(mao::shape_text({}) == "[]");
}

TEST_CASE("a parameter is a detached fp32 copy that trains") {
  const auto source = at::arange(6, at::kHalf).view({2, 3}).t();
  const auto value = mao::parameter(source);
  CHECK(value.requires_grad());
  CHECK(value.is_leaf());
  CHECK(value.is_contiguous());
  CHECK(value.scalar_type() == at::kFloat);
  CHECK(at::equal(value.detach(), source.to(at::kFloat)));
  const auto original = at::zeros({2});
  mao::parameter(original).detach().fill_(1);
  CHECK(original.sum().item<float>() == 0);
}

TEST_CASE("expect_shape takes -1 for any extent and names the culprit") {
  const auto value = at::zeros({2, 3});
  CHECK_NOTHROW(mao::expect_shape(value, {2, 3}, "f: x"));
  CHECK_NOTHROW(mao::expect_shape(value, {-1, 3}, "f: x"));
  CHECK_THROWS_AS(mao::expect_shape(value, {2, 4}, "f: x"), mao::ShapeError);
  CHECK_THROWS_WITH(mao::expect_shape(value, {2, -1, 3}, "f: x"),
                    ContainsSubstring("f: x has shape [2, 3], expected [2, -1, 3]"));
  CHECK_THROWS_WITH(mao::expect_shape(mao::Tensor(), {1}, "f: x"), ContainsSubstring("undefined"));
}
