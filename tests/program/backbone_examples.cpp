// SPDX-License-Identifier: Apache-2.0
// The example of every method runs, trains it and tests both halves.
#include <filesystem>
#include <string>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/program.hpp>

TEST_CASE("every method has an example that trains it and tests both halves", "[examples]") {
  namespace fs = std::filesystem;
  int ran = 0;
  for (const auto& source : fs::directory_iterator(mao_test::source_dir() + "/examples/backbones")) {
    if (source.path().extension() != ".cpp") continue;
    const auto run = mao_test::shell(
        mao_test::quoted(fs::path(mao_test::build_dir() + "/bin/examples/backbones") / source.path().stem()));
    CAPTURE(source.path().string(), run.output);
    CHECK(run.code == 0);
    CHECK_THAT(run.output, ContainsSubstring("Base") && ContainsSubstring("New"));
    ++ran;
  }
  CHECK(ran >= 16);
}
