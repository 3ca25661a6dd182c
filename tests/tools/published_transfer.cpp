// SPDX-License-Identifier: Apache-2.0
#include "report/published_transfer.hpp"

#include <numeric>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("the averages of transfers are those that the papers print", "[published_transfer]") {
  const std::vector<double> printed{63.88, 64.98, 65.54, 65.74, 66.30, 64.79, 64.95, 65.81, 65.64, 65.68};
  const std::vector<double> domains{57.18, 59.28, 59.91, 60.27, 60.65};
  const auto average = [](const auto& row) {
    return std::accumulate(row.targets.begin(), row.targets.end(), 0.0) / static_cast<double>(row.targets.size());
  };
  REQUIRE(published_cross_data_set.size() == printed.size());
  for (std::size_t i = 0; i < printed.size(); ++i) {
    INFO(published_cross_data_set[i].title << ", " << published_cross_data_set[i].source);
    CHECK(average(published_cross_data_set[i]) == Approx(printed[i]).margin(0.0101));
  }
  REQUIRE(published_domains.size() == domains.size());
  for (std::size_t i = 0; i < domains.size(); ++i) {
    CHECK(average(published_domains[i]) == Approx(domains[i]).margin(0.0101));
  }
}

TEST_CASE("rows are given for targets that they have, in the order asked for", "[published_transfer]") {
  const auto rows = published_targets_of("coop+mao", {"DTD", "Caltech101"});
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].targets == std::vector<double>{45.92, 93.75});
  CHECK(published_targets_of("coop", {"ImageNet-R"}).size() == 1);
  CHECK(published_targets_of("coop", {"DTD", "ImageNet-R"}).empty());
  CHECK(published_targets_of("coop", {}).empty());
}
