// SPDX-License-Identifier: Apache-2.0
#include <mao/schedules/step.hpp>

#include <vector>

#include <support/catch.hpp>
#include <support/schedules.hpp>

using mao::OptionError;
using mao::StepOptions;
using mao::StepSchedule;
using mao_test::rates;

TEST_CASE("each milestone multiplies the rate once, whatever their order", "[schedules]") {
  const auto found = rates(StepSchedule({.epochs = 7, .learning_rate = 1, .milestones = {4, 1}, .factor = 0.5}));
  CHECK(found == std::vector<double>{1e-5, 1, 0.5, 0.5, 0.5, 0.25, 0.25});
  CHECK(rates(StepSchedule({.epochs = 3, .learning_rate = 1, .warmup_epochs = 0})) == std::vector<double>{1, 1, 1});
}

TEST_CASE("milestones within a warm-up that counts have no effect", "[schedules]") {
  const StepOptions options{
      .epochs = 6, .learning_rate = 1, .milestones = {2, 4}, .warmup_epochs = 2, .recount = false};
  const auto found = rates(StepSchedule(options));
  const std::vector<double> expected{1e-5, 1e-5, 1, 1, 0.1, 0.1};
  for (std::size_t e = 0; e < expected.size(); ++e) CHECK(found.at(e) == Approx(expected[e]));
}

TEST_CASE("the reference's tables, every row with steps", "[schedules][golden]") {
  const auto folder = mao_test::golden_folder();
  MAO_SKIP_UNLESS(folder, "no golden traces on this machine");
  int compared = 0;
  for (const char* kind : {"single_step", "multi_step"}) {
    for (const auto& row : mao_test::schedule_rows(*folder, kind)) {
      const auto& cfg = row.at("cfg");
      auto options = mao_test::schedule_options<StepOptions>(cfg);
      const auto steps = cfg.at("STEPSIZE").get<std::vector<int>>();
      options.milestones =
          kind == std::string("multi_step") ? steps : StepSchedule::every(steps.back(), options.epochs);
      options.factor = cfg.at("GAMMA");
      const auto found = rates(StepSchedule(options)), expected = row.at("lr_used_in_epoch").get<std::vector<double>>();
      REQUIRE(found.size() == expected.size());
      for (std::size_t e = 0; e < found.size(); ++e) CHECK(found[e] == Approx(expected[e]).epsilon(1e-12));
      ++compared;
    }
  }
  CHECK(compared == 2);
}

TEST_CASE("milestones and factors out of range are refused", "[schedules]") {
  CHECK(StepSchedule::every(3, 10) == std::vector<int>{3, 6, 9});
  CHECK_THROWS_WITH(StepSchedule::every(0, 10), ContainsSubstring("interval = 0, expected at least 1"));
  CHECK_THROWS_WITH(StepSchedule({.milestones = {0}}), ContainsSubstring("milestone 0, expected at least 1"));
  CHECK_THROWS_WITH(StepSchedule({.factor = 0}), ContainsSubstring("factor = 0, expected a number above 0"));
}
