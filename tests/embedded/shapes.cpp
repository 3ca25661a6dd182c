// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/detail/shapes.hpp>

#include <support/catch.hpp>

namespace embedded = mao::embedded;

TEST_CASE("every shape holds some of its box and leaves some of it", "[embedded]") {
  for (std::size_t shape = 0; shape < embedded::shape_names.size(); ++shape) {
    const embedded::DistanceField& distance = embedded::distance_field(shape);
    int inside = 0;
    for (int row = 0; row < 50; ++row) {
      for (int column = 0; column < 50; ++column) {
        const embedded::Point p{static_cast<float>(column) / 25 - 1, static_cast<float>(row) / 25 - 1};
        if (distance(p) < 0) ++inside;
      }
    }
    INFO(embedded::shape_names[shape] << " covers " << inside << " of 2500 points");
    CHECK(inside > 300);
    CHECK(inside < 2000);
  }
}

TEST_CASE("distances are signed and measured in object units", "[embedded]") {
  const auto& circle = embedded::distance_field(0);
  CHECK(circle({0, 0}) == Approx(-0.88).margin(0.02));
  CHECK(circle({0.88F, 0}) == Approx(0).margin(0.01));
  CHECK(circle({0, 1.28F}) == Approx(0.4).margin(0.01));
  const auto& square = embedded::distance_field(1);
  CHECK(square({0, 0.5F}) == Approx(-0.3).margin(0.01));
  CHECK(square({1.1F, 1.2F}) == Approx(0.5).margin(0.01));
}

TEST_CASE("a ring is open in its middle, a moon on its right", "[embedded]") {
  CHECK(embedded::distance_field(4)({0, 0}) > 0);
  CHECK(embedded::distance_field(4)({0.68F, 0}) < 0);
  CHECK(embedded::distance_field(7)({0.48F, 0}) > 0);
  CHECK(embedded::distance_field(7)({-0.6F, 0}) < 0);
}
