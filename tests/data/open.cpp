// SPDX-License-Identifier: Apache-2.0
#include <mao/data/open.hpp>

#include <string>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <vector>

namespace {

constexpr const char* split_file =
    R"({"train":[["a/1.jpg",0,"a"],["b/1.jpg",1,"b"]],"val":[],"test":[["a/2.jpg",0,"a"]]})";

void image(const mao_test::TemporaryFolder& folder, const std::string& name) {
  std::filesystem::create_directories((folder / name).parent_path());
  folder.write(name, "x");
}

}  // namespace

TEST_CASE("the images of a split file are found beside it or in a sub folder", "[open]") {
  for (const std::string place : {"", "101_ObjectCategories/", "2750/", "pictures/"}) {
    const mao_test::TemporaryFolder folder;
    folder.write("split_zhou_Mine.json", split_file);
    std::filesystem::create_directories(folder / "annotations");
    image(folder, place + "a/1.jpg");
    INFO(place);
    const auto dataset = mao::open_dataset(folder.path());
    CHECK(std::filesystem::exists(mao::files_of(dataset, dataset.train)[0]));
    CHECK(mao::open_dataset(folder / "split_zhou_Mine.json").train == dataset.train);
  }
}

TEST_CASE("folders and tables are opened by what they are", "[open]") {
  const mao_test::TemporaryFolder folder;
  image(folder, "data/train/a/1.jpg");
  image(folder, "data/test/a/1.jpg");
  CHECK(mao::open_dataset(folder / "data").classes.names == std::vector<std::string>{"a"});
  const auto table = folder.write("t.tsv", "path\tlabel\tclassname\tsplit\n1.jpg\t0\ta\ttrain\n2.jpg\t0\ta\ttest\n");
  CHECK(mao::open_dataset(table).test.size() == 1);
}

TEST_CASE("what is no data set is refused with what was found and what would work", "[open]") {
  const mao_test::TemporaryFolder folder;
  CHECK_THROWS_AS(mao::open_dataset(folder / "absent"), mao::FileError);
  CHECK_THROWS_WITH(mao::open_dataset(folder.write("x.mat", "")), ContainsSubstring("'.mat'"));
  CHECK_THROWS_WITH(mao::open_dataset(folder.path()),
                    ContainsSubstring("0 sub folders") && ContainsSubstring("These would work"));
  folder.write("split_zhou_A.json", split_file);
  CHECK_THROWS_WITH(mao::open_dataset(folder.path()), ContainsSubstring("cannot find a/1.jpg"));
  folder.write("split_zhou_B.json", split_file);
  CHECK_THROWS_WITH(mao::open_dataset(folder.path()),
                    ContainsSubstring("2 split files") && ContainsSubstring("split_zhou_B.json"));
}

TEST_CASE("what is wrong with a folder that is laid out as a data set is told without other layouts", "[open]") {
  const mao_test::TemporaryFolder folder;
  for (const char* name : {"red_thing", "Red thing"}) {
    for (const char* file : {"1.jpg", "2.jpg"}) image(folder, std::string("same/") + name + "/" + file);
  }
  CHECK(mao::holds_dataset(folder / "same"));
  CHECK_THROWS_WITH(mao::open_dataset(folder / "same"),
                    ContainsSubstring("are both 'red thing'") && !ContainsSubstring("These would work"));
  std::filesystem::create_directories(folder / "deep/a/b/c");
  CHECK_FALSE(mao::holds_dataset(folder / "deep"));
  CHECK_THROWS_WITH(mao::open_dataset(folder / "deep"), ContainsSubstring("These would work"));
}

TEST_CASE("a class-name file names the classes of split files and tables too", "[open]") {
  const mao_test::TemporaryFolder folder;
  image(folder, "a/1.jpg");
  const mao::FolderOptions options{.class_names = {{"a", "ant"}, {"b", "bee"}}};
  const std::vector<std::string> expected{"ant", "bee"};
  folder.write("split_zhou_Mine.json", split_file);
  CHECK(mao::open_dataset(folder.path(), options).classes.names == expected);
  CHECK(mao::open_dataset(folder / "split_zhou_Mine.json", options).classes.names == expected);
  const auto table =
      folder.write("t.csv", "path,label,classname,split\n1.jpg,0,a,train\n2.jpg,1,b,train\n3.jpg,0,a,test\n");
  CHECK(mao::open_dataset(table, options).classes.names == expected);
  CHECK_THROWS_WITH(mao::open_dataset(table, {.class_names = {{"a", "ant"}}}), ContainsSubstring("'b'"));
}
