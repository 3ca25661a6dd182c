// SPDX-License-Identifier: Apache-2.0
#include <mao/data/detail/native_path.hpp>

#include <filesystem>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using mao::native_path;

TEST_CASE("backslashes are slashes where only that finds a file", "[native_path]") {
  const mao_test::TemporaryFolder root;
  std::filesystem::create_directories(root / "a/b");
  root.write("a/b/1.jpg", "x");
  CHECK(native_path(root.path(), "a\\b\\1.jpg") == "a/b/1.jpg");
  CHECK(native_path(root.path(), "a/b\\1.jpg") == "a/b/1.jpg");
  CHECK(native_path(root.path(), "a/b/1.jpg") == "a/b/1.jpg");
  CHECK(native_path(root.path(), "a\\b\\absent.jpg") == "a\\b\\absent.jpg");
  root.write("a\\b\\1.jpg", "a name with backslashes");
  CHECK(native_path(root.path(), "a\\b\\1.jpg") == "a\\b\\1.jpg");
}

TEST_CASE("a path with backslashes that is not there gets a hint", "[native_path]") {
  CHECK_THAT(std::string(mao::detail::path_hint("C:\\data\\1.jpg")), ContainsSubstring("without a drive"));
  CHECK(mao::detail::path_hint("a/1.jpg").empty());
}
