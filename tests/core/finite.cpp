// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/finite.hpp>
#include <mao/core/detail/ops.hpp>

#include <limits>

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("NaN and infinity are found wherever they stand, in every type of weights", "[finite]") {
  for (const at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16, at::kDouble}) {
    CHECK(is_finite(at::ones({3, 5}, type)));
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity()}) {
      for (const std::int64_t place : {0, 7, 14}) {
        const Tensor values = at::ones({3, 5}, type);
        values.view(-1).select(0, place).fill_(bad);
        CHECK_FALSE(is_finite(values));
      }
    }
  }
  CHECK(is_finite(at::arange(4)));
  CHECK(is_finite(at::empty({0, 3})));
}

TEST_CASE("the refusal names source and tensor and counts", "[finite]") {
  const Tensor values = at::ones({2, 3});
  expect_finite(values, "visual.proj", "clip.pt");
  values.select(0, 1).fill_(std::numeric_limits<float>::quiet_NaN());
  CHECK_THROWS_WITH(expect_finite(values, "visual.proj", "clip.pt"),
                    ContainsSubstring("clip.pt: 3 of the 6 values of visual.proj are NaN or infinite"));
}
