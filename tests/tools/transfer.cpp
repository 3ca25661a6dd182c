// SPDX-License-Identifier: Apache-2.0
#include "report/transfer.hpp"

#include "runs/find_runs.hpp"
#include "tools/run_builder.hpp"
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;

TEST_CASE("transfer runs are a table by source, targets in the order of the papers", "[transfer]") {
  const mao_test::TemporaryFolder temporary;
  mao_test::build_run(temporary / "a", {.data = "imagenet"});
  temporary.write("a/results.json",
                  R"({"protocol":"transfer","zero_shot":{"imagenet":66,"ucf101":60,"dtd":40},
    "per_seed":[
    {"seed":1,"source":70,"targets":{"ucf101":66,"dtd":42}},
    {"seed":2,"source":72,"targets":{"ucf101":68,"dtd":44}}]})");
  const auto runs = read_runs({temporary.path()});
  CHECK(summarize(runs).methods.empty());
  const auto tables = summarize_transfer(runs);
  REQUIRE(tables.size() == 1);
  CHECK(tables[0].source == "ImageNet");
  CHECK(tables[0].targets == std::vector<std::string>{"DTD", "UCF101"});
  REQUIRE(tables[0].rows.size() == 2);
  CHECK(tables[0].rows[0].source.mean == 66.0);
  CHECK(tables[0].rows[1].source.mean == Approx(71));
  CHECK(tables[0].rows[1].targets.at("DTD").mean == Approx(43));
  CHECK(*target_average(tables[0].rows[1], tables[0].targets) == Approx(55));
  CHECK_FALSE(target_average(tables[0].rows[1], {"EuroSAT"}).has_value());
}

TEST_CASE("the zero-shot accuracy on the source may stand in its own file", "[transfer]") {
  const mao_test::TemporaryFolder temporary;
  mao_test::build_run(temporary / "a", {.data = "imagenet"});
  temporary.write("a/results.json", R"({"protocol":"transfer","zero_shot":{"dtd":40},"per_seed":[]})");
  temporary.write("a/zero_shot.json", R"({"base":66,"new":null,"h":null})");
  const auto runs = read_runs({temporary.path()});
  CHECK(summarize_transfer(runs).at(0).rows.at(0).source.mean == 66.0);
}
