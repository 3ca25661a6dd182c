// SPDX-License-Identifier: Apache-2.0
#include <mao/core/random.hpp>

#include <algorithm>
#include <numeric>
#include <set>

#include <support/catch.hpp>

TEST_CASE("a child stream depends on seed and name alone, not on earlier draws") {
  mao::Rng used(7);
  for (int i = 0; i < 100; ++i) used.bits();
  for (const auto name : {"sampler", "augment"}) {
    CHECK(used[name][3].bits() == mao::Rng(7)[name][3].bits());
  }
}

TEST_CASE("seeds, names and numbers give different streams") {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    seen.insert(mao::Rng(seed).bits());
    for (std::uint64_t child = 0; child < 20; ++child) seen.insert(mao::Rng(seed)[child].bits());
    for (const auto name : {"", "a", "b", "ab", "ba"}) seen.insert(mao::Rng(seed)[name].bits());
  }
  CHECK(seen.size() == 20 * 26);
}

TEST_CASE("bounded draws stay below their bound and reach every value evenly") {
  mao::Rng random(1);
  std::vector<int> counts(7);
  for (int i = 0; i < 70'000; ++i) ++counts[static_cast<std::size_t>(random.below(7))];
  for (const int count : counts) CHECK(std::abs(count - 10'000) < 500);
  CHECK(random.below(1) == 0);
  const std::uint64_t large = (std::uint64_t{1} << 63) + 1;
  for (int i = 0; i < 100; ++i) CHECK(random.below(large) < large);
}

TEST_CASE("uniform and normal draws have their moments") {
  mao::Rng random(2);
  double sum = 0;
  double normal_sum = 0;
  double normal_squares = 0;
  constexpr int count = 100'000;
  for (int i = 0; i < count; ++i) {
    const double uniform = random.uniform(-1, 3);
    CHECK_FALSE((uniform < -1 || uniform >= 3));
    sum += uniform;
    const double normal = random.normal();
    normal_sum += normal;
    normal_squares += normal * normal;
  }
  CHECK(std::abs(sum / count - 1) < 0.02);
  CHECK(std::abs(normal_sum / count) < 0.02);
  CHECK(std::abs(normal_squares / count - 1) < 0.03);
}

TEST_CASE("a shuffle is a permutation, the same for the same stream") {
  std::vector<int> items(50);
  std::iota(items.begin(), items.end(), 0);
  auto first = items;
  auto second = items;
  mao::Rng(3)["shuffle"].shuffle(first);
  mao::Rng(3)["shuffle"].shuffle(second);
  CHECK(first == second);
  CHECK(first != items);
  CHECK(std::is_permutation(first.begin(), first.end(), items.begin()));
}

TEST_CASE("the bits are the same on every platform") {
  // Computed independently, with Python's integers.
  CHECK(mao::Rng(42).bits() == 0x57e1faba65107204ULL);
  CHECK(mao::Rng(42)["sampler"][1].bits() == 0xcf3dd36d72aa2cf4ULL);
}
