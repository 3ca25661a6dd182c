// SPDX-License-Identifier: Apache-2.0
#include "runs/find_runs.hpp"

#include "tools/run_builder.hpp"
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

#include <sstream>

using namespace mao;

TEST_CASE("runs are found below given folders, in order, each once", "[find_runs]") {
  const mao_test::TemporaryFolder temporary;
  for (const char* name : {"b/two", "a", "b/one"}) mao_test::build_run(temporary / name, {});
  std::filesystem::create_directories(temporary / "c/empty");
  const auto found = find_run_folders({temporary.path(), temporary / "b", temporary / "b/one"});
  REQUIRE(found.size() == 3);
  CHECK(found[0].filename() == "a");
  CHECK(found[1].filename() == "one");
  CHECK(found[2].filename() == "two");
  const auto folder = temporary / "b";
  std::ostringstream out;
  // [read_runs]
  for (const mao::RunRecord& run : mao::read_runs({folder})) {
    for (const mao::SeedRecord& seed : run.seeds) out << seed.seed << ' ' << seed.paper.base << '\n';
  }
  // [end]
  CHECK(out.str() == "1 80\n2 82\n1 80\n2 82\n");
}

TEST_CASE("reading tells how many of how many runs are read", "[find_runs]") {
  const mao_test::TemporaryFolder temporary;
  for (const char* name : {"one", "two", "three"}) mao_test::build_run(temporary / name, {});
  std::vector<std::pair<std::size_t, std::size_t>> told;
  const auto runs =
      read_runs({temporary.path()}, [&](std::size_t done, std::size_t total) { told.emplace_back(done, total); });
  CHECK(runs.size() == 3);
  CHECK(told == std::vector<std::pair<std::size_t, std::size_t>>{{0, 3}, {1, 3}, {2, 3}, {3, 3}});
}

TEST_CASE("a place without runs is an error that says what was expected", "[find_runs]") {
  const mao_test::TemporaryFolder temporary;
  CHECK_THROWS_WITH(find_run_folders({temporary.path()}),
                    ContainsSubstring("no run in") && ContainsSubstring("config.json"));
  CHECK_THROWS_WITH(find_run_folders({temporary / "missing"}), ContainsSubstring("is not a folder"));
}
