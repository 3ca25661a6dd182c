// SPDX-License-Identifier: Apache-2.0
#include "report/score_statistics.hpp"

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("H is that of the means, its deviation that of the seeds", "[score_statistics]") {
  const auto scores = score_statistics({{1, {80, 60, 0}}, {2, {82, 62, 0}}});
  CHECK(scores.base.mean == Approx(81));
  CHECK(scores.base.deviation == Approx(std::sqrt(2.0)));
  CHECK(scores.h.mean == Approx(harmonic_mean(81, 61)));
  CHECK(scores.h.deviation == Approx((harmonic_mean(82, 62) - harmonic_mean(80, 60)) / std::sqrt(2.0)));
}

TEST_CASE("without new classes there is Base alone; without seeds nothing", "[score_statistics]") {
  const auto few_shot = score_statistics({{1, {80, not_tested, not_tested}}});
  CHECK(few_shot.base.mean == 80.0);
  CHECK(std::isnan(few_shot.h.mean));
  CHECK(std::isnan(score_statistics({}).base.mean));
}
