// SPDX-License-Identifier: Apache-2.0
#include <mao/text/detail/pair_merges.hpp>

#include <algorithm>
#include <random>

#include <support/catch.hpp>

using mao::detail::PairMerges;

TEST_CASE("the rule of lowest rank goes first, everywhere, from left to right") {
  PairMerges merges;
  merges.add(1, 1, 1, 10);
  merges.add(1, 2, 0, 20);
  PairMerges::Ids ids{1, 1, 1, 2, 1, 1, 1};
  merges.apply(ids);
  CHECK(ids == PairMerges::Ids{10, 20, 10, 1});
  merges.add(10, 20, 2, 30);
  merges.apply(ids);
  CHECK(ids == PairMerges::Ids{30, 10, 1});
}

TEST_CASE("nothing is left to merge, and ids without rules stay") {
  PairMerges merges;
  for (std::size_t rank = 0; rank < 4; ++rank) {
    const auto i = static_cast<std::int64_t>(rank);
    merges.add(i, i, rank, i + 1);
  }
  std::mt19937 random(9);
  for (int trial = 0; trial < 200; ++trial) {
    PairMerges::Ids ids(random() % 20);
    for (auto& id : ids) id = random() % 6;
    merges.apply(ids);
    const auto again = [](auto left, auto right) { return left == right && left < 4; };
    CHECK(std::adjacent_find(ids.begin(), ids.end(), again) == ids.end());
  }
  PairMerges::Ids none;
  merges.apply(none);
  CHECK(none.empty());
}
