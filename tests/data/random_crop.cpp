// SPDX-License-Identifier: Apache-2.0
#include <mao/data/random_crop.hpp>

#include <support/catch.hpp>

TEST_CASE("random crops lie inside and keep to area and ratio", "[random_crop]") {
  const mao::Augment augment;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    mao::Rng rng(seed);
    const mao::Box box = mao::random_crop(301, 200, augment, rng);
    CHECK((box.left >= 0 && box.top >= 0 && box.left + box.width <= 301 && box.top + box.height <= 200));
    const double area = static_cast<double>(box.width) * box.height / (301.0 * 200.0);
    CHECK(area > 0.075);
    const double ratio = static_cast<double>(box.width) / box.height;
    CHECK(ratio > 0.72);
    CHECK(ratio < 1.38);
  }
}

TEST_CASE("an image too long for any crop gives the largest allowed one in the middle", "[random_crop]") {
  const mao::Augment whole{.smallest_scale = 1.0, .largest_scale = 1.0};
  mao::Rng rng(1);
  CHECK(mao::random_crop(1000, 30, whole, rng) == mao::Box{480, 0, 40, 30});
  CHECK(mao::random_crop(30, 1000, whole, rng) == mao::Box{0, 480, 30, 40});
  CHECK(mao::random_crop(1, 1, whole, rng) == mao::Box{0, 0, 1, 1});
}

TEST_CASE("halves round to even, as in Python", "[random_crop]") {
  using mao::detail::rounded_half_even;
  CHECK(rounded_half_even(0.5) == 0);
  CHECK(rounded_half_even(1.5) == 2);
  CHECK(rounded_half_even(2.5) == 2);
  CHECK(rounded_half_even(2.51) == 3);
  CHECK(rounded_half_even(37.5) == 38);
}

TEST_CASE("augmentation settings are checked", "[random_crop]") {
  CHECK_THROWS_WITH(mao::check(mao::Augment{.smallest_scale = 0.0}), ContainsSubstring("scale"));
  CHECK_THROWS_WITH(mao::check(mao::Augment{.smallest_ratio = 2.0}), ContainsSubstring("ratio"));
  CHECK_THROWS_WITH(mao::check(mao::Augment{.flip = 1.5}), ContainsSubstring("flip"));
}
