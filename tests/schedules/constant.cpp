// SPDX-License-Identifier: Apache-2.0
#include <mao/schedules/constant.hpp>
#include <mao/schedules/cosine.hpp>
#include <mao/schedules/step.hpp>

#include <limits>

#include <support/catch.hpp>

using mao::ConstantSchedule;
using mao::OptionError;

TEST_CASE("one rate in every epoch", "[schedules]") {
  const ConstantSchedule schedule({.epochs = 3, .learning_rate = 0.25});
  REQUIRE(schedule.epochs() == 3);
  for (int epoch = 0; epoch < 3; ++epoch) CHECK(schedule.learning_rate(epoch) == 0.25);
}

TEST_CASE("a constant schedule refuses settings out of range", "[schedules]") {
  CHECK_THROWS_AS(ConstantSchedule({.epochs = 0}), OptionError);
  CHECK_THROWS_WITH(ConstantSchedule({.learning_rate = -1}), ContainsSubstring("learning_rate = -1"));
  CHECK_THROWS_AS(ConstantSchedule().learning_rate(10), OptionError);
}

TEST_CASE("a rate that fp32 cannot hold is refused by every schedule", "[schedules]") {
  for (const double rate : {1e300, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    CAPTURE(rate);
    CHECK_THROWS_WITH(ConstantSchedule({.learning_rate = rate}), ContainsSubstring("a number above 0 that fp32 can"));
    CHECK_THROWS_WITH(mao::CosineSchedule({.learning_rate = rate}),
                      ContainsSubstring("a number above 0 that fp32 can"));
    CHECK_THROWS_WITH(mao::StepSchedule({.learning_rate = rate}), ContainsSubstring("a number above 0 that fp32 can"));
    CHECK_THROWS_WITH(mao::CosineSchedule({.warmup_learning_rate = rate}), ContainsSubstring("warmup_learning_rate"));
  }
}
