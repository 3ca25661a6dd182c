// SPDX-License-Identifier: Apache-2.0
#include <mao/text/token_layout.hpp>

#include <mao/core/error.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/arange.h>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("packed tokens find their places and come back") {
  const std::vector<std::int64_t> offsets{0, 2, 3, 7};
  const auto layout = detail::packed_layout(offsets, at::kCPU);
  CHECK(layout.rows == 3);
  CHECK(layout.length == 4);
  CHECK(layout.mask.sum().item<std::int64_t>() == 7);
  const Tensor packed = at::arange(7).mul(10);
  const Tensor padded = packed.index_select(0, layout.slots);
  CHECK(padded.index_select(0, layout.places).equal(packed));
  CHECK(layout.mask.view({-1}).index_select(0, layout.places).all().item<bool>());
  CHECK(layout.places.equal(layout.row_of.mul(4).add(layout.positions)));
}

TEST_CASE("offsets that do not cut the tokens into rows are refused") {
  using Offsets = std::vector<std::int64_t>;
  for (const Offsets& offsets :
       {Offsets{}, Offsets{0}, Offsets{1, 4}, Offsets{0, 3}, Offsets{0, 2, 2, 4}, Offsets{0, 5, 4}}) {
    CHECK_THROWS_AS(detail::check_offsets(offsets, 4), ShapeError);
  }
  CHECK_NOTHROW(detail::check_offsets({0, 1, 4}, 4));
}
