// SPDX-License-Identifier: Apache-2.0
#include <mao/io/text_file.hpp>

#include <mao/core/error.hpp>

#include <sstream>
#include <string>
#include <vector>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;
using Lines = std::vector<std::string>;

TEST_CASE("lines are the same whichever system ended them") {
  CHECK(lines_of("a\nb\n\nc") == Lines{"a", "b", "", "c"});
  CHECK(lines_of("a\r\nb\r\n\r\nc\r\n") == Lines{"a", "b", "", "c"});
  CHECK(lines_of("a\rb\r\rc\r") == Lines{"a", "b", "", "c"});
  CHECK(lines_of("").empty());
  CHECK(trimmed_lines("a \t\r\n  \r\n b") == Lines{"a", "", " b"});
}

TEST_CASE("text from files and streams is UTF-8 without a mark") {
  const mao_test::TemporaryFolder folder;
  CHECK(read_utf8_file(folder.write("bom.txt",
                                    "\xEF\xBB\xBF"
                                    "cat\r\n")) == "cat\r\n");
  CHECK(read_text_file(folder / "bom.txt") == "cat\r\n");
  CHECK_THROWS_WITH(read_utf8_file(folder.write("latin.txt", "cat\nros\xE9\n")),
                    ContainsSubstring("latin.txt: line 2: 'ros\\xE9'"));
  CHECK_THROWS_WITH(read_text_file(folder.write("wide.txt", std::string("\xFF\xFE"
                                                                        "c\0",
                                                                        4))),
                    ContainsSubstring("wide.txt: the text is UTF-16"));
  CHECK_THROWS_AS(read_utf8_file(folder / "absent.txt"), FileError);
  std::istringstream stream(
      "\xEF\xBB\xBF"
      "a\nb");
  CHECK(read_utf8(stream, "standard input") == "a\nb");
}
