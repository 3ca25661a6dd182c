// SPDX-License-Identifier: Apache-2.0
#include <mao/text/detail/merges.hpp>

#include <mao/core/error.hpp>
#include <support/catch.hpp>
#include <support/text.hpp>

using namespace mao;

TEST_CASE("merges are read with or without a version line, plain or gzipped, up to a limit") {
  const mao_test::TemporaryFolder folder;
  const MergeList expected{{"a", "b"}, {"ab", "c</w>"}};
  CHECK(read_merges(folder.write("1.txt", "\"x.txt#version: 0.2\r\na b\r\nab c</w>\r\n")) == expected);
  CHECK(read_merges(folder.write("2.txt", "a b\nab c</w>")) == expected);
  CHECK(read_merges(folder / "2.txt", 1).size() == 1);
  const gzFile file = gzopen((folder / "3.gz").c_str(), "wb");
  gzputs(file, "#version: 0.2\na b\nab c</w>\n");
  gzclose(file);
  CHECK(read_merges(folder / "3.gz") == expected);
}

TEST_CASE("what is written is read again") {
  const mao_test::TemporaryFolder folder;
  std::mt19937 random(8);
  MergeList merges;
  for (int i = 0; i < 200; ++i) merges.emplace_back("l" + std::to_string(random()), "é" + std::to_string(random()));
  write_merges(merges, folder / "merges.txt");
  CHECK(read_merges(folder / "merges.txt") == merges);
  CHECK_THROWS_AS(write_merges(merges, folder / "nowhere" / "merges.txt"), FileError);
}

TEST_CASE("a file that is something else is named with its line") {
  const mao_test::TemporaryFolder folder;
  const auto file = folder.write("merges.txt", "#version\na b\nthree words here\n");
  CHECK_THROWS_WITH(read_merges(file), ContainsSubstring("merges.txt', line 3"));
  CHECK_THROWS_AS(read_merges(folder / "absent.txt"), FileError);
  CHECK_THROWS_AS(read_merges(folder.path()), FileError);
  const gzFile gz = gzopen((folder / "cut.gz").c_str(), "wb");
  for (int i = 0; i < 5000; ++i) gzprintf(gz, "a%d b%d\n", i * 7919, i);
  gzclose(gz);
  std::filesystem::resize_file(folder / "cut.gz", 9000);
  CHECK_THROWS_AS(read_merges(folder / "cut.gz"), FormatError);
}
