// SPDX-License-Identifier: Apache-2.0
#include <mao/data/class_names.hpp>

#include <mao/core/error.hpp>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

TEST_CASE("class names come from lines or from JSON", "[class_names]") {
  const mao_test::TemporaryFolder folder;
  const mao::ClassNames expected{{"n01440764", "tench"}, {"n01443537", "gold fish"}};
  CHECK(mao::read_class_names(folder.write("a.txt", "n01440764 tench\r\n\nn01443537 gold fish \n")) == expected);
  CHECK(mao::read_class_names(folder.write("b.txt", "n01440764\ttench\nn01443537\tgold fish")) == expected);
  CHECK(mao::read_class_names(folder.write("c.json", R"({"n01440764": "tench", "n01443537": "gold fish"})")) ==
        expected);
}

TEST_CASE("bad class-name files are refused with the line", "[class_names]") {
  const mao_test::TemporaryFolder folder;
  CHECK_THROWS_WITH(mao::read_class_names(folder.write("a.txt", "a b\nlonely\n")),
                    ContainsSubstring("a.txt: line 2: 'lonely'"));
  CHECK_THROWS_WITH(mao::read_class_names(folder.write("b.txt", "a b\na c\n")), ContainsSubstring("line 2"));
  CHECK_THROWS_AS(mao::read_class_names(folder.write("c.json", R"({"a": 1})")), mao::FormatError);
  CHECK_THROWS_WITH(mao::read_class_names(folder.write("d.json", R"({"a": "cat", "b": "dog", "a": "fox"})")),
                    ContainsSubstring("d.json: the key \"a\" occurs twice"));
  CHECK_THROWS_AS(mao::read_class_names(folder.write("d.txt", "\n")), mao::FormatError);
  CHECK_THROWS_AS(mao::read_class_names(folder / "absent.txt"), mao::FileError);
}

TEST_CASE("classes are renamed one by one, or not at all", "[class_names]") {
  mao::Dataset dataset;
  dataset.classes.names = {"n02", "two words"};
  mao::rename_classes(dataset, {{"two words", "cat"}, {"n02", "dog"}, {"unused", "bee"}}, "here");
  CHECK(dataset.classes.names == std::vector<std::string>{"dog", "cat"});
  CHECK_THROWS_WITH(mao::rename_classes(dataset, {{"dog", "x"}}, "here"),
                    ContainsSubstring("here") && ContainsSubstring("'cat'"));
  CHECK_THROWS_WITH(mao::rename_classes(dataset, {{"dog", "x"}, {"cat", "x"}}, "here"),
                    ContainsSubstring("both named 'x'"));
}

TEST_CASE("a class-name file from Windows is the same file", "[class_names]") {
  const mao_test::TemporaryFolder folder;
  const mao::ClassNames names{{"n01", "tench"}, {"n02", "gold fish"}};
  CHECK(mao::read_class_names(folder.write("w.txt",
                                           "\xEF\xBB\xBF"
                                           "n01 tench\r\nn02\tgold fish\r\n")) == names);
  CHECK(mao::read_class_names(folder.write("w.json",
                                           "\xEF\xBB\xBF"
                                           R"({"n01": "tench", "n02": "gold fish"})")) == names);
  CHECK_THROWS_WITH(mao::read_class_names(folder.write("l.txt", "n01 tench\nn02 ros\xE9\n")),
                    ContainsSubstring("l.txt: line 2: 'n02 ros\\xE9'"));
}
