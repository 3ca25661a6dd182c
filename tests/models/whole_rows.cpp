// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/whole_rows.hpp>

#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("each row is the prefix of its group and its own suffix", "[whole_rows]") {
  const Tensor numbers = at::arange(10, at::kFloat).view({10, 1});
  const TextBatch batch{.prefix = numbers.narrow(0, 0, 4).view({2, 2, 1}),  // 0 1, 2 3
                        .suffix = numbers.narrow(0, 4, 5),
                        .offsets = {0, 1, 4, 5},
                        .group = {1, 0, 1}};
  const auto rows = detail::WholeRows::of(batch);
  CHECK(rows.offsets == std::vector<std::int64_t>{0, 3, 8, 11});
  CHECK(rows.tokens.flatten().equal(at::tensor({2.F, 3.F, 4.F, 0.F, 1.F, 5.F, 6.F, 7.F, 2.F, 3.F, 8.F})));
}

TEST_CASE("rows without a common beginning are their suffixes", "[whole_rows]") {
  const Tensor numbers = at::arange(3, at::kFloat).view({3, 1});
  const TextBatch batch{
      .prefix = numbers.narrow(0, 0, 0).view({1, 0, 1}), .suffix = numbers, .offsets = {0, 2, 3}, .group = {0, 0}};
  const auto rows = detail::WholeRows::of(batch);
  CHECK(rows.offsets == std::vector<std::int64_t>{0, 2, 3});
  CHECK(rows.tokens.equal(numbers));
}
