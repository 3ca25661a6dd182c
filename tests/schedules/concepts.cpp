// SPDX-License-Identifier: Apache-2.0
#include <mao/schedules/concepts.hpp>
#include <mao/schedules/constant.hpp>
#include <mao/schedules/cosine.hpp>
#include <support/catch.hpp>

namespace {

struct Smallest {
  int epochs() const { return 2; }
  double learning_rate(int) const { return 0.1; }
};
struct NoEpochs {
  double learning_rate(int) const { return 0.1; }
};
struct Stateful {
  int epochs() const { return 2; }
  double learning_rate(int) { return rate *= 0.5; }
  double rate = 1;
};
struct WrongReturn {
  int epochs() const { return 2; }
  int learning_rate(int) const { return 1; }
};

}  // namespace

TEST_CASE("a schedule is known by its two functions", "[schedules]") {
  STATIC_REQUIRE(mao::Schedule<Smallest>);
  STATIC_REQUIRE(mao::Schedule<mao::CosineSchedule>);
  STATIC_REQUIRE(mao::Schedule<mao::ConstantSchedule>);
  STATIC_REQUIRE_FALSE(mao::Schedule<NoEpochs>);
  STATIC_REQUIRE_FALSE(mao::Schedule<Stateful>);
  STATIC_REQUIRE_FALSE(mao::Schedule<WrongReturn>);
  STATIC_REQUIRE_FALSE(mao::Schedule<int>);
  STATIC_REQUIRE_FALSE(mao::Schedule<Smallest*>);
}

TEST_CASE("the ladder lets every schedule pass", "[schedules]") {
  STATIC_REQUIRE(mao::explain::schedule<Smallest>());
  STATIC_REQUIRE(mao::explain::schedule<mao::CosineSchedule>());
}
