// SPDX-License-Identifier: Apache-2.0
// Every numbered example runs and prints what it says.
#include <filesystem>
#include <string>
#include <utility>

#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/program.hpp>

using namespace mao_test;

namespace {

std::string output_of(const std::string& example) {
  const auto run = shell(quoted(std::filesystem::path(mao_test::build_dir() + "/bin/examples") / example));
  CAPTURE(example, run.output);
  CHECK(run.code == 0);
  return run.output;
}

}  // namespace

TEST_CASE("the numbered examples run", "[examples]") {
  CHECK_THAT(output_of("01_quickstart"), ContainsSubstring("untuned  Base") && ContainsSubstring("CoOp     Base"));
  CHECK_THAT(output_of("02_base_to_new"), ContainsSubstring("H "));
  CHECK_THAT(output_of("03_own_sampler"), ContainsSubstring("balanced batches"));
  CHECK_THAT(output_of("04_own_regularizer"), ContainsSubstring("against neighbours"));
  CHECK_THAT(output_of("05_own_backbone"), ContainsSubstring("offset + MAO"));
  CHECK_THAT(output_of("06_another_model"), ContainsSubstring("MAO"));
}
