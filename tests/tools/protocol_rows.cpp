// SPDX-License-Identifier: Apache-2.0
#include "report/protocol_rows.hpp"

#include "runs/find_runs.hpp"
#include "tools/run_builder.hpp"
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;

TEST_CASE("a method with MAO has a row for each way to test its prompts", "[protocol_rows]") {
  const mao_test::TemporaryFolder temporary;
  mao_test::build_run(temporary / "plain", {});
  mao_test::build_run(temporary / "mao", {.mao = true, .protocols = true});
  const auto runs = read_runs({temporary.path()});
  const Summary rows = with_protocol_rows(summarize(runs));
  std::vector<std::string> labels;
  for (const MethodSummary& method : rows.methods) labels.push_back(method.label());
  CHECK(labels == std::vector<std::string>{"untuned", "CoOp", "CoOp + MAO (paper)", "CoOp + MAO (single)",
                                           "CoOp + MAO (base stage only)"});
  CHECK(rows.methods[2].scores.at("Caltech101").base.mean == Approx(81));
  CHECK(rows.methods[3].scores.at("Caltech101").base.mean == Approx(80));   // one less than the paper's
  CHECK(rows.methods[4].scores.at("Caltech101").fresh.mean == Approx(58));  // three less
}

TEST_CASE("runs without these figures keep the row that they have", "[protocol_rows]") {
  const mao_test::TemporaryFolder temporary;
  mao_test::build_run(temporary / "mao", {.mao = true});
  const auto runs = read_runs({temporary.path()});
  const Summary rows = with_protocol_rows(summarize(runs));
  REQUIRE(rows.methods.size() == 2);
  CHECK(rows.methods[1].label() == "CoOp + MAO (paper)");
}

TEST_CASE("behind a plain first stage the row says first stage", "[protocol_rows]") {
  const mao_test::TemporaryFolder temporary;
  mao_test::build_run(temporary / "mao", {.mao = true, .steps = "new", .protocols = true});
  const auto runs = read_runs({temporary.path()});
  const Summary rows = with_protocol_rows(summarize(runs));
  CHECK(rows.methods.back().label() == "CoOp + MAO (first stage only)");
}
