// expect: mao: not a Schedule: `learning_rate(int)` is not const, add `const` and keep no state between calls; see docs/concepts/schedule.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/schedules/cosine.hpp>

struct Halving {
  int epochs() const { return 5; }
#ifdef MAO_EXPECT_FAIL
  double learning_rate(int) { return rate /= 2; }
#else
  double learning_rate(int epoch) const { return rate / (1 << epoch); }
#endif
  double rate = 0.01;
};

constexpr bool ok = mao::explain::schedule<Halving>();
