// SPDX-License-Identifier: Apache-2.0
#include "runs/prompts_files.hpp"

#include <filesystem>
#include <string>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using mao::expect_prompts_file;

namespace {

std::string refusal_of(const std::filesystem::path& path) {
  try {
    expect_prompts_file(path);
  } catch (const mao::FileError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a prompts file that is not there is answered with those that are", "[prompts_files]") {
  const mao_test::TemporaryFolder folder;
  folder.write("run/seed1/base.prompts.safetensors", "");
  folder.write("run/seed1/base.checkpoint.safetensors", "");
  folder.write("run/seed2/new.prompts.safetensors", "");
  const std::string base = folder / "run/seed1/base.prompts.safetensors",
                    fresh = folder / "run/seed2/new.prompts.safetensors";
  CHECK(refusal_of(base).empty());
  const std::string joined = refusal_of(folder / "run/seed1/joined.prompts.safetensors");
  CHECK_THAT(joined, ContainsSubstring("there is no such prompts file, which only --recipe all-classes makes; there "
                                       "are: " +
                                       base));
  CHECK_THAT(joined, !ContainsSubstring("checkpoint") && !ContainsSubstring(fresh));
  CHECK_THAT(refusal_of(folder / "run"),
             ContainsSubstring("run is a folder, expected a prompts file; there are: " + base + ", " + fresh));
  CHECK_THAT(refusal_of(folder / "run/seed3/base.prompts.safetensors"), ContainsSubstring(base + ", " + fresh));
  std::filesystem::create_directory(folder / "empty");
  CHECK_THAT(refusal_of(folder / "empty/x.safetensors"),
             ContainsSubstring("there is none in " + (folder / "empty").string()));
}

TEST_CASE("of many prompts files, the first are listed and the others counted", "[prompts_files]") {
  const mao_test::TemporaryFolder folder;
  for (int i = 10; i < 30; ++i) folder.write("run/seed" + std::to_string(i) + "/new.prompts.safetensors", "");
  const std::string text = refusal_of(folder / "run/new.prompts.safetensors");
  CHECK_THAT(text,
             ContainsSubstring("seed17/new") && ContainsSubstring(" and 12 more") && !ContainsSubstring("seed18"));
}
