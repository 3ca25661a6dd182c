// SPDX-License-Identifier: Apache-2.0
#include "report/published.hpp"

#include <map>
#include <utility>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("the averages of the rows are those that the papers print", "[published]") {
  // Base, New, H by method and source.
  const std::vector<std::pair<std::size_t, std::array<double, 3>>> printed{
      {0, {69.34, 74.22, 71.70}}, {1, {82.69, 63.22, 71.66}}, {2, {81.98, 68.84, 74.84}},  {3, {82.48, 74.12, 78.08}},
      {4, {80.47, 71.69, 75.83}}, {5, {82.28, 75.14, 78.55}}, {6, {83.52, 73.31, 78.08}},  {7, {84.17, 74.68, 79.14}},
      {8, {84.26, 76.10, 79.97}}, {9, {83.45, 74.78, 78.87}}, {10, {84.53, 75.38, 79.69}}, {12, {80.73, 73.60, 77.00}},
      {13, {84.13, 75.36, 79.51}}};
  const std::vector<std::string> all(published_data_sets.begin(), published_data_sets.end());
  for (const auto& [row, values] : printed) {
    INFO(published_rows.at(row).title << ", " << published_rows.at(row).source);
    const auto average = published_average(published_rows.at(row), all);
    REQUIRE(average.has_value());
    CHECK(average->base == Approx(values[0]).margin(0.041));
    CHECK(average->fresh == Approx(values[1]).margin(0.041));
    CHECK(average->h == Approx(values[2]).margin(0.041));
  }
}

TEST_CASE("rows are found by method; other data sets have none", "[published]") {
  CHECK(published_of("coop").size() == 2);
  CHECK(published_of("coop+mao").size() == 1);
  CHECK(published_of("mine").empty());
  const auto eurosat = published_average(*published_of("coop+mao").front(), {"EuroSAT"});
  REQUIRE(eurosat.has_value());
  CHECK(eurosat->fresh == 67.74);
  CHECK(eurosat->h == Approx(76.22).margin(0.01));
  CHECK_FALSE(published_average(published_rows[0], {"EuroSAT", "my birds"}).has_value());
  CHECK_FALSE(published_average(published_rows[0], {}).has_value());
}
