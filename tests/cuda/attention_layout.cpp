// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <mao/core/error.hpp>
#include <mao/kernels/cuda/attention_layout.hpp>

#include <support/catch.hpp>

using namespace mao;
using namespace mao::cuda;

TEST_CASE("the tokens that see a key are those whose keys contain it") {
  for (const std::int64_t prefix : {0, 1, 4}) {
    const PackedRows rows{
        .groups = 2, .prefix = prefix, .offsets = {0, 2, 2, 5, 6}, .group = {1, 0, 0, 1}, .suffix = 8};
    const auto held = PackedAttention::of(rows, at::kCPU);
    const AttentionLayout layout = held.raw();
    REQUIRE(layout.tokens() == 2 * prefix + 8);
    for (std::int64_t key = 0; key < layout.tokens(); ++key) {
      std::vector<std::int64_t> expected, actual;
      for (std::int64_t token = 0; token < layout.tokens(); ++token) {
        const SeenKeys keys = SeenKeys::of(layout, token);
        for (std::int64_t i = 0; i < keys.count(); ++i) {
          if (keys.token(i) == key) expected.push_back(token);
        }
      }
      const SeeingTokens seeing = SeeingTokens::of_token(layout, key);
      for (std::int64_t i = 0; i < seeing.count(); ++i) actual.push_back(seeing.token(i));
      std::sort(actual.begin(), actual.end());
      CHECK(actual == expected);
    }
  }
}

TEST_CASE("rows, groups and queries that do not fit are refused") {
  const PackedRows rows{.groups = 1, .prefix = 2, .offsets = {0, 2, 5}, .group = {0, 0}, .suffix = 0};
  CHECK(PackedAttention::of(rows, at::kCPU, {3, 6}).queries() == 2);
  CHECK_THROWS_WITH(PackedAttention::of(rows, at::kCPU, {7}), ContainsSubstring("query 0 is token 7 of 7"));
  CHECK_THROWS_WITH(PackedAttention::of(rows, at::kCPU, {3, 3}), ContainsSubstring("token 3 is a query twice"));
  PackedRows wrong = rows;
  wrong.group = {0, 1};
  CHECK_THROWS_WITH(PackedAttention::of(wrong, at::kCPU), ContainsSubstring("prefix group 1, there are 1"));
  wrong = rows;
  wrong.offsets = {0, 5, 2};
  CHECK_THROWS_AS(PackedAttention::of(wrong, at::kCPU), ShapeError);
  wrong = rows;
  wrong.suffix = 4;
  CHECK_THROWS_WITH(PackedAttention::of(wrong, at::kCPU), ContainsSubstring("5 suffix tokens, the buffer 4"));
}

TEST_CASE("rows of other sizes do not fit a layout") {
  const PackedRows rows{.groups = 1, .prefix = 2, .offsets = {0, 2, 5}, .group = {0, 0}, .suffix = 6};
  auto layout = PackedAttention::of(rows, at::kCPU, {3, 6});
  PackedRows other = rows;
  other.offsets = {0, 4, 6};
  layout.refill(other);
  CHECK(layout.raw().row[3] == 0);
  CHECK(layout.raw().row[5] == 1);
  other.offsets = {0, 1, 2, 3};
  other.group = {0, 0, 0};
  CHECK_THROWS_WITH(layout.refill(other), ContainsSubstring("3 rows of 6 tokens in 1 groups of 2, expected 2 rows"));
  CHECK_THROWS_WITH(layout.refill_queries({1}), ContainsSubstring("1 queries, expected 2"));
}
