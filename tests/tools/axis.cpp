// SPDX-License-Identifier: Apache-2.0
#include "report/axis.hpp"

#include <mao/core/random.hpp>
#include <support/catch.hpp>

using namespace mao;

TEST_CASE("an axis holds its values between round ticks", "[axis]") {
  Rng rng(1);
  for (int i = 0; i < 200; ++i) {
    const double low = rng.uniform(-100, 100), high = low + std::pow(10.0, rng.uniform(-4, 4));
    const Axis axis = round_axis(low, high);
    INFO(low << " to " << high);
    CHECK(axis.low <= low + 1e-9 * std::abs(low));
    CHECK(axis.high >= high - 1e-9 * std::abs(high));
    CHECK(axis.ticks.size() >= 3);
    CHECK(axis.ticks.size() <= 9);
    CHECK(axis.at(axis.low, 10, 20) == Approx(10));
    CHECK(axis.at(axis.high, 10, 20) == Approx(20));
  }
}

TEST_CASE("ticks are told apart by their decimals", "[axis]") {
  const Axis axis = round_axis(0.12, 0.31);
  CHECK(axis.text(axis.ticks[0]) == "0.10");
  CHECK(axis.text(axis.ticks[1]) == "0.15");
  CHECK(round_axis(0, 100).text(50) == "50");
  CHECK(round_axis(0, 4e-4).text(2e-4) == "2e-4");
}

TEST_CASE("no values, one value and values that are missing make an axis too", "[axis]") {
  CHECK(axis_over({}).high > axis_over({}).low);
  CHECK(axis_over({NAN}).high > axis_over({NAN}).low);
  const Axis one = axis_over({5.0, NAN, 5.0});
  CHECK(one.low < 5);
  CHECK(one.high > 5);
  CHECK(axis_over({0.0}).low <= 0);
}
