// SPDX-License-Identifier: Apache-2.0
#include <mao/schedules/cosine.hpp>

#include <limits>
#include <vector>

#include <support/catch.hpp>
#include <support/schedules.hpp>

using mao::CosineOptions;
using mao::CosineSchedule;
using mao::OptionError;
using mao_test::rates;

TEST_CASE("the rates fall after the warm-up and never reach 0", "[schedules]") {
  for (const int epochs : {1, 2, 3, 5, 10, 50, 200}) {
    for (const int warmup : {0, 1, 3}) {
      if (warmup > epochs) continue;
      const auto found = rates(CosineSchedule({.epochs = epochs, .learning_rate = 0.02, .warmup_epochs = warmup}));
      REQUIRE(static_cast<int>(found.size()) == epochs);
      for (int epoch = 0; epoch < epochs; ++epoch) {
        const double rate = found[static_cast<std::size_t>(epoch)];
        CHECK(rate > 0);
        if (epoch < warmup) CHECK(rate == 1e-5);
        if (epoch == warmup) CHECK(rate == Approx(0.02));
        if (epoch > warmup) CHECK(rate < found[static_cast<std::size_t>(epoch - 1)]);
      }
    }
  }
}

TEST_CASE("the reference's tables, every row with a cosine", "[schedules][golden]") {
  const auto folder = mao_test::golden_folder();
  MAO_SKIP_UNLESS(folder, "no golden traces on this machine");
  const auto rows = mao_test::schedule_rows(*folder, "cosine");
  CHECK(rows.size() == 10);
  for (const auto& row : rows) {
    CAPTURE(row.at("cfg").dump());
    const auto expected = row.at("lr_used_in_epoch").get<std::vector<double>>();
    const auto found = rates(CosineSchedule(mao_test::schedule_options<CosineOptions>(row.at("cfg"))));
    REQUIRE(found.size() == expected.size());
    for (std::size_t e = 0; e < found.size(); ++e) CHECK(found[e] == Approx(expected[e]).epsilon(1e-12));
  }
}

TEST_CASE("the published rates of MAO, MaPLe and PromptSRC", "[schedules]") {
  const auto mao_rates = rates(CosineSchedule());
  const std::vector<double> expected = {1e-5,      3.5e-3,  3.4143e-3, 3.1658e-3, 2.7786e-3,
                                        2.2908e-3, 1.75e-3, 1.2092e-3, 7.2138e-4, 3.3422e-4};
  REQUIRE(mao_rates.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(mao_rates[i] == Approx(expected[i]).epsilon(3e-5));

  const CosineSchedule maple({.epochs = 5});
  CHECK(maple.learning_rate(3) == Approx(2.2908e-3).epsilon(3e-5));
  CHECK(maple.learning_rate(4) == Approx(1.2092e-3).epsilon(3e-5));
  const CosineSchedule promptsrc({.epochs = 20, .learning_rate = 0.0025});
  CHECK(promptsrc.learning_rate(19) == Approx(6.1179e-5).epsilon(3e-5));
}

TEST_CASE("settings out of range are refused when the schedule is made", "[schedules]") {
  CHECK_THROWS_AS(CosineSchedule({.epochs = 0}), OptionError);
  CHECK_THROWS_AS(CosineSchedule({.learning_rate = 0}), OptionError);
  CHECK_THROWS_AS(CosineSchedule({.learning_rate = std::numeric_limits<double>::quiet_NaN()}), OptionError);
  CHECK_THROWS_AS(CosineSchedule({.warmup_epochs = -1}), OptionError);
  CHECK_THROWS_AS(CosineSchedule({.warmup_learning_rate = -1e-5}), OptionError);
  CHECK_THROWS_WITH(CosineSchedule({.epochs = 2, .warmup_epochs = 3}), ContainsSubstring("warmup_epochs = 3"));
  CHECK_THROWS_WITH(CosineSchedule().learning_rate(10), ContainsSubstring("epoch 10 of 10"));
  CHECK_THROWS_AS(CosineSchedule().learning_rate(-1), OptionError);
}
