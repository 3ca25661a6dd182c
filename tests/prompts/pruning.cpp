// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/pruning.hpp>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("the schedule is cubic, ends at the target and stays there", "[pruning]") {
  const PruningSchedule schedule{.start = 192, .target = 128, .until = 0.5, .interval = 1};
  std::vector<std::int64_t> kept;
  for (int done = 0; done <= 10; ++done) kept.push_back(schedule.kept(done, 10));
  // 128 + 64 (1 - r/5)^3
  CHECK(kept == std::vector<std::int64_t>{192, 161, 142, 132, 129, 128, 128, 128, 128, 128, 128});
}

TEST_CASE("between events nothing changes, and a short run still comes to its target", "[pruning]") {
  const PruningSchedule schedule{.start = 40, .target = 8, .until = 1, .interval = 3};
  CHECK(schedule.kept(2, 9) == 40);
  CHECK(schedule.kept(3, 9) == schedule.kept(5, 9));
  CHECK(schedule.kept(9, 9) == 8);
  CHECK(schedule.kept(1, 1) == 8);
  CHECK(schedule.kept(8, 8) == 8);  // two events, after 3 and 6 epochs
  CHECK(PruningSchedule{.start = 40, .target = 40}.kept(3, 4) == 40);
}

TEST_CASE("pruning settings out of range are refused", "[pruning]") {
  CHECK_NOTHROW(PruningSchedule{.start = 4, .target = 0}.check());
  CHECK_THROWS_WITH((PruningSchedule{.start = 56, .target = 128}.check()),
                    ContainsSubstring("target = 128, there are 56 tokens"));
  CHECK_THROWS_WITH((PruningSchedule{.start = 4, .target = 1, .until = 0}.check()), ContainsSubstring("until = 0"));
  CHECK_THROWS_WITH((PruningSchedule{.start = 4, .target = 1, .interval = 0}.check()),
                    ContainsSubstring("interval = 0"));
}

TEST_CASE("the lowest go, of equal ones the first, and none that is out", "[pruning]") {
  const std::vector<double> scores{5, 1, 3, 1, 0};
  CHECK(lowest(scores, {true, true, true, true, true}, 3) == std::vector<std::int64_t>{4, 1, 3});
  CHECK(lowest(scores, {true, false, true, true, false}, 2) == std::vector<std::int64_t>{3, 2});
  CHECK(lowest(scores, {true, false, true, true, false}, 9).size() == 3);
  CHECK(lowest(scores, {true, true, true, true, true}, -1).empty());
}

TEST_CASE("scores are divided by the norm of their block or tower", "[pruning]") {
  const std::vector<double> scores{3, 4, 0, 0, 6, 8};
  CHECK(scaled(scores, 3, SaliencyScale::Raw) == scores);
  CHECK(scaled(scores, 3, SaliencyScale::Layer) == std::vector<double>{0.6, 0.8, 0, 0, 0.6, 0.8});
  const std::vector<double> tower = scaled(scores, 3, SaliencyScale::Tower);
  for (std::size_t i = 0; i < 6; ++i) CHECK(tower[i] == Approx(scores[i] / std::sqrt(125.0)));
}
