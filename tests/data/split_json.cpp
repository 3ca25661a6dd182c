// SPDX-License-Identifier: Apache-2.0
#include <mao/data/split_json.hpp>

#include <mao/core/error.hpp>

#include <filesystem>
#include <string>
#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/temporary_folder.hpp>
#include <tuple>
#include <vector>

namespace {

mao::Dataset parsed(const std::string& text) { return mao::parse_split_json(text, "images", "s.json"); }

}  // namespace

TEST_CASE("classes are the names by sorted label, labels are positions", "[split_json]") {
  const auto dataset = parsed(R"({"train":[["b.jpg",7,"bee"],["a.jpg",2,"ant"]],"val":[],"test":[["c.jpg",7,"bee"]]})");
  CHECK(dataset.classes.names == std::vector<std::string>{"ant", "bee"});
  CHECK(dataset.train == std::vector<mao::Item>{{"b.jpg", 1}, {"a.jpg", 0}});
  CHECK(dataset.test == std::vector<mao::Item>{{"c.jpg", 1}});
  CHECK(dataset.val.empty());
  CHECK(dataset.root == "images");
}

TEST_CASE("what is written is read back", "[split_json]") {
  const mao_test::TemporaryFolder folder;
  auto dataset =
      parsed(R"({"train":[["é \"1\".jpg",0,"crème"],["b",1,"b"]],"val":[["c",1,"b"]],"test":[["d",0,"crème"]]})");
  mao::write_split_json(folder / "split.json", dataset);
  CHECK(mao::read_split_json(folder / "split.json", "images") == dataset);
}

TEST_CASE("a bad split file is refused with key and position", "[split_json]") {
  const std::string good = R"(["a.jpg",0,"a"])";
  const std::vector<std::tuple<std::string, std::string>> cases{
      {"{",
       "s.json is not JSON: it cannot be read from line 1, column 2, where the text ends; expected an object with"},
      {"{\"train\": [],\n \"val\": [}", "line 2, column 10, at '}'"},
      {"[]", "the file holds a array"},
      {R"({"train":[],"test":[]})", "there is no \"val\""},
      {R"({"train":{},"val":[],"test":[]})", "\"train\" is a object"},
      {R"({"train":[],"val":[],"test":[],"validation":[]})", "mao does not read the key \"validation\"; expected"},
      {R"({"train":[],"train":[],"val":[],"test":[]})",
       "s.json: the key \"train\" occurs twice; expected each key once"},
      {R"({"train":[)" + good + R"(,7],"val":[],"test":[]})", "s.json: train[1] is number"},
      {R"({"train":[)" + good + R"(],"val":[["a",0]],"test":[]})", "val[0] is an array of 2"},
      {R"({"train":[["a","0","a"]],"val":[],"test":[]})", "train[0]: the label is string"},
      {R"({"train":[["a",-1,"a"]],"val":[],"test":[]})", "train[0]: the label is -1"},
      {R"({"train":[["a",0.5,"a"]],"val":[],"test":[]})", "train[0]: the label is 0.5"},
      {R"({"train":[["",0,"a"]],"val":[],"test":[]})", "the path is not a text, or empty"},
      {R"({"train":[["a",0,null]],"val":[],"test":[]})", "the class name is a null"},
  };
  for (const auto& [text, message] : cases) {
    CHECK_THROWS_WITH(parsed(text), ContainsSubstring(message));
    CHECK_THROWS_AS(parsed(text), mao::FormatError);
  }
}

TEST_CASE("contradictions in a split file are refused", "[split_json]") {
  const std::vector<std::tuple<std::string, std::string>> cases{
      {R"({"train":[["a",0,"a"]],"val":[],"test":[]})", "test split is empty"},
      {R"({"train":[["a",0,"a"]],"val":[],"test":[["b",0,"b"]]})", "label 0 is 'a' at first, but 'b' for b"},
      {R"({"train":[["a",0,"a"]],"val":[],"test":[["b",1,"b"]]})", "'b' (label 1) has no training image"},
      {R"({"train":[["a",0,"a"],["b",1,"a"]],"val":[],"test":[["b",1,"a"]]})", "both named 'a'"},
      {R"({"train":[["a",0,"a_b"],["b",1,"A b"]],"val":[],"test":[["c",1,"A b"]]})", "'a_b' and 'A b', are both 'a b'"},
      {R"({"train":[["a",0,"a"],["b",1,"b"]],"val":[],"test":[["./a",0,"a"]]})",
       "./a is in train (as 'a') and in test"},
      {R"({"train":[["a",0,"a"],["a",1,"b"]],"val":[],"test":[["c",0,"a"]]})", "a is listed as 'a' and as 'b'"},
  };
  for (const auto& [text, message] : cases) {
    CHECK_THROWS_WITH(parsed(text), ContainsSubstring(message));
    CHECK_THROWS_AS(parsed(text), mao::DataError);
  }
}

TEST_CASE("the published split files have their published sizes", "[split_json][shared]") {
  MAO_SKIP_UNLESS(std::filesystem::exists(mao_test::shared_splits()),
                  mao_test::shared_splits().string() + " is not there");
  const std::vector<std::tuple<std::string, std::size_t, std::size_t, std::size_t, std::int64_t>> expected{
      {"Caltech101", 4128, 1649, 2465, 100},
      {"OxfordPets", 2944, 736, 3669, 37},
      {"StanfordCars", 6509, 1635, 8041, 196},
      {"OxfordFlowers", 4093, 1633, 2463, 102},
      {"DescribableTextures", 2820, 1128, 1692, 47},
      {"EuroSAT", 13500, 5400, 8100, 10},
      {"UCF101", 7639, 1898, 3783, 101}};
  for (const auto& [name, train, val, test, classes] : expected) {
    INFO(name);
    const auto dataset = mao::read_split_json(mao_test::shared_splits() / ("split_zhou_" + name + ".json"), "images");
    CHECK(dataset.train.size() == train);
    CHECK(dataset.val.size() == val);
    CHECK(dataset.test.size() == test);
    CHECK(dataset.classes.size() == classes);
  }
}

TEST_CASE("an image on both sides of a split under two spellings of its path is refused", "[split_json]") {
  const mao_test::TemporaryFolder folder;
  folder.write("a/1.jpg", "x");
  folder.write("a/2.jpg", "x");
  const auto read = [&](const std::string& test) {
    const auto file =
        folder.write("s.json", R"({"train":[["a\\1.jpg",0,"a"]],"val":[],"test":[[")" + test + R"(",0,"a"]]})");
    return mao::read_split_json(file, folder.path());
  };
  CHECK(read("a/2.jpg").train == std::vector<mao::Item>{{"a/1.jpg", 0}});
  CHECK_THROWS_WITH(read("a/1.jpg"), ContainsSubstring("s.json: a/1.jpg is in train (as 'a') and in test"));
}

TEST_CASE("what no prompt or file system can hold is refused with its place", "[split_json]") {
  const auto parse = [](const std::string& text) { return mao::parse_split_json(text, "root", "s.json"); };
  CHECK_THROWS_WITH(parse(R"({"train":[["a",0,""]],"val":[],"test":[]})"),
                    ContainsSubstring("s.json: train[0]: the class name is empty"));
  CHECK_THROWS_WITH(parse(R"({"train":[["a\u0000b",0,"a"]],"val":[],"test":[]})"),
                    ContainsSubstring("s.json: train[0]: the path holds a zero byte"));
  CHECK_THROWS_WITH(parse("{\n\"train\":[[\"a\",0,\"ros\xE9\"]]}"),
                    ContainsSubstring("s.json: line 2: ") && ContainsSubstring("xE9"));
  CHECK(parse("\xEF\xBB\xBF"
              R"({"train":[["a",0,"a"]],"val":[],"test":[["b",0,"a"]]})")
            .train.size() == 1);
}
