// SPDX-License-Identifier: Apache-2.0
#include "report/summary.hpp"

#include "runs/find_runs.hpp"
#include "tools/run_builder.hpp"
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;

TEST_CASE("runs of one method are put together over data sets and seeds", "[summary]") {
  const mao_test::TemporaryFolder temporary;
  mao_test::build_run(temporary / "a", {.data = "eurosat", .seeds = {1, 2}});
  mao_test::build_run(temporary / "b", {.data = "caltech101", .seeds = {1}, .base = 90, .fresh = 80});
  mao_test::build_run(temporary / "c", {.data = "caltech101", .seeds = {2}, .base = 94, .fresh = 84});
  mao_test::build_run(temporary / "d", {.data = "eurosat", .mao = true, .seeds = {1}});
  const auto runs = read_runs({temporary.path()});
  const Summary summary = summarize(runs);
  CHECK(summary.data_sets == std::vector<std::string>{"Caltech101", "EuroSAT"});
  REQUIRE(summary.methods.size() == 3);
  CHECK(summary.methods[0].label() == "untuned");
  const MethodSummary& coop = summary.methods[1];
  CHECK(coop.label() == "CoOp");
  CHECK(coop.scores.at("Caltech101").base.mean == Approx(92));
  CHECK(coop.scores.at("Caltech101").seeds.size() == 2);
  const auto average = average_scores(coop, summary.data_sets);
  REQUIRE(average.has_value());
  CHECK(average->base.mean == Approx((92 + 81) / 2.0));
  CHECK(average->fresh.mean == Approx((82 + 61) / 2.0));
  CHECK(average->h.mean == Approx(harmonic_mean(86.5, 71.5)));
  CHECK(average->base.deviation == Approx(3 / std::sqrt(2.0)));  // of the averages 85 and 88 of the two seeds
  CHECK_FALSE(average_scores(summary.methods[2], summary.data_sets).has_value());
}

TEST_CASE("methods of one title are told apart by what differs", "[summary]") {
  const mao_test::TemporaryFolder temporary;
  for (const int shots : {1, 4}) mao_test::build_run(temporary / std::to_string(shots), {.shots = shots});
  const auto runs = read_runs({temporary.path()});
  const Summary summary = summarize(runs);
  REQUIRE(summary.methods.size() == 3);
  CHECK(summary.methods[1].label() == "CoOp, 1 shot");
  CHECK(summary.methods[2].label() == "CoOp, 4 shots");
}
