// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/template_file.hpp>

#include <mao/core/error.hpp>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

TEST_CASE("templates are read one a line", "[template_file]") {
  const mao_test::TemporaryFolder folder;
  const std::vector<std::string> expected{"a photo of a {}.", "itap of a {}."};
  CHECK(mao::read_templates(folder.write("a.txt", "a photo of a {}.\r\n\nitap of a {}. \n")) == expected);
  CHECK(mao::read_templates(folder.write("b.txt", "a photo of a {}.\nitap of a {}.")) == expected);
}

TEST_CASE("bad template files are refused with the line", "[template_file]") {
  const mao_test::TemporaryFolder folder;
  const auto read = [&](const std::string& text) { return mao::read_templates(folder.write("t.txt", text)); };
  CHECK_THROWS_WITH(read("a {}.\n\na photo\n"), ContainsSubstring("t.txt: line 3: \"a photo\""));
  CHECK_THROWS_WITH(read("a {} and a {}\n"), ContainsSubstring("exactly once"));
  CHECK_THROWS_AS(read(" \n"), mao::FormatError);
  CHECK_THROWS_AS(mao::read_templates(folder / "absent.txt"), mao::FileError);
}

TEST_CASE("templates from Windows are the same; other encodings are refused with the line", "[template_file]") {
  const mao_test::TemporaryFolder folder;
  CHECK(mao::read_templates(folder.write("t.txt",
                                         "\xEF\xBB\xBF"
                                         "a {}.\r\n\r\nthe {}.\r\n")) == std::vector<std::string>{"a {}.", "the {}."});
  CHECK_THROWS_WITH(mao::read_templates(folder.write("l.txt", "a {}.\nros\xE9 {}.\n")),
                    ContainsSubstring("l.txt: line 2: 'ros\\xE9 {}.'"));
}
