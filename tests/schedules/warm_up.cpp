// SPDX-License-Identifier: Apache-2.0
#include <mao/schedules/warm_up.hpp>

#include <mao/schedules/cosine.hpp>
#include <mao/schedules/step.hpp>

#include <support/catch.hpp>

using namespace mao;

TEMPLATE_TEST_CASE("a linear warm-up climbs to the full rate", "[schedules]", CosineSchedule, StepSchedule) {
  typename TestType::Options options;
  options.epochs = 6;
  options.learning_rate = 0.3;
  options.warmup_epochs = 3;
  options.warmup = WarmUp::Linear;
  const TestType schedule(options);
  CHECK(schedule.learning_rate(0) == 1e-5);
  CHECK(schedule.learning_rate(1) == Approx(0.1));
  CHECK(schedule.learning_rate(2) == Approx(0.2));
  CHECK(schedule.learning_rate(3) == Approx(0.3));
}

TEMPLATE_TEST_CASE("a group's multiple counts but in epochs where all groups have one rate", "[schedules]",
                   CosineSchedule, StepSchedule) {
  typename TestType::Options options;
  options.epochs = 6;
  options.warmup_epochs = 2;
  for (const WarmUp warmup : {WarmUp::Constant, WarmUp::Linear}) {
    options.warmup = warmup;
    const TestType schedule(options);
    for (int epoch = 0; epoch < 6; ++epoch) {
      const bool one_rate = epoch == 0 || (epoch == 1 && warmup == WarmUp::Constant);
      CHECK(learning_rate_of(schedule, epoch, 7) == Approx(schedule.learning_rate(epoch) * (one_rate ? 1 : 7)));
    }
  }
}

TEMPLATE_TEST_CASE("epochs and warm-ups out of range are refused", "[schedules]", CosineSchedule, StepSchedule) {
  const auto refused = [](auto change) {
    typename TestType::Options options;
    change(options);
    CHECK_THROWS_AS(TestType(options), OptionError);
  };
  refused([](auto& options) { options.epochs = 0; });
  refused([](auto& options) { options.learning_rate = 0; });
  refused([](auto& options) { options.warmup_epochs = -1; });
  refused([](auto& options) { options.warmup_epochs = 11; });
  refused([](auto& options) { options.warmup_learning_rate = -1e-5; });
  CHECK_THROWS_WITH(TestType().learning_rate(10), ContainsSubstring("epoch 10 of 10, expected 0 to 9"));
  CHECK_THROWS_AS(TestType().learning_rate(-1), OptionError);
}
