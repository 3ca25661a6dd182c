// SPDX-License-Identifier: Apache-2.0
#include <mao/data/unread_files.hpp>

#include <filesystem>
#include <mao/data/open.hpp>
#include <map>
#include <string>
#include <support/catch.hpp>
#include <support/images.hpp>
#include <support/temporary_folder.hpp>

namespace fs = std::filesystem;
using mao::unread_files;

TEST_CASE("what a folder data set does not read is counted by suffix and class", "[unread_files]") {
  const mao_test::TemporaryFolder root;
  for (const char* folder : {"red/more", "blue", "red/x.jpg"}) fs::create_directories(root / folder);
  for (const char* file : {"red/1.jpg", "red/2.GIF", "red/3.gif", "red/more/4.jpg", "red/x.jpg/5.png", "blue/1.jpg",
                           "blue/2.bmp", "blue/3", "blue/.hidden", "loose.jpg", "readme.txt"}) {
    root.write(file, "x");
  }
  fs::create_symlink("circle", root / "circle");
  fs::create_directory_symlink(".", root / "blue/round");
  const auto unread = unread_files(root.path());
  CHECK(unread.counts.at(".gif") == std::map<std::string, std::size_t>{{"red", 2}});
  CHECK(unread.counts.at(".bmp").at("blue") == 1);
  CHECK(unread.counts.at("without a suffix").at("blue") == 1);
  CHECK(unread.counts.at("in deeper folders").at("red") == 2);
  CHECK(unread.counts.at("links to folders").at("blue") == 1);
  CHECK(unread.counts.at(".jpg beside the class folders").size() == 1);
  CHECK_THAT(unread.description(), ContainsSubstring(" files are not read: ") && ContainsSubstring("2 .gif (red 2)") &&
                                       ContainsSubstring("2 in deeper folders (red 2)") && ContainsSubstring(".jpeg"));
  CHECK(unread.description().find('\n') == std::string::npos);
}

TEST_CASE("hidden images, and folders beside the splits, are counted", "[unread_files]") {
  const mao_test::TemporaryFolder root;
  for (const char* folder :
       {"train/a", "train/.b", "test/a", "valid/a", "validation/a", "extra/deep", "empty", ".git"}) {
    fs::create_directories(root / folder);
  }
  for (const char* file : {"train/a/1.jpg", "train/a/.2.jpg", "train/a/.DS_Store", "train/.b/1.png", "test/a/1.jpg",
                           "valid/a/1.jpg", "validation/a/2.jpg", "extra/deep/1.jpg", "extra/2.txt", ".git/HEAD"}) {
    root.write(file, "x");
  }
  using Counts = std::map<std::string, std::map<std::string, std::size_t>>;
  const Counts expected{{"hidden", {{"a", 1}}},
                        {"in hidden folders", {{".b", 1}}},
                        {"beside the split folders", {{"extra", 2}, {"validation", 1}}}};
  CHECK(unread_files(root.path()).counts == expected);
}

TEST_CASE("every split of a folder is looked through; a folder that is read whole has nothing", "[unread_files]") {
  const mao_test::TemporaryFolder root;
  for (const char* folder : {"train/a", "test/a"}) fs::create_directories(root / folder);
  root.write("train/a/1.jpg", "x");
  root.write("test/a/1.jpg", "x");
  CHECK(unread_files(root.path()).total() == 0);
  CHECK(unread_files(root.path()).description().empty());
  root.write("test/a/2.tiff", "x");
  CHECK(unread_files(root.path()).counts.at(".tiff").at("a") == 1);
  CHECK(mao::unread_of(root.path()).total() == 1);
  root.write("split_zhou_Tiny.json", "{}");
  CHECK(mao::unread_of(root.path()).total() == 0);  // the split says what there is
  CHECK(mao::unread_of(root / "absent").total() == 0);
}

TEST_CASE("a class without images that are read is refused with what it holds", "[unread_files]") {
  const mao_test::TemporaryFolder root;
  for (const char* folder : {"red", "blue"}) {
    fs::create_directories(root / folder);
    const std::string suffix = *folder == 'r' ? ".bmp" : ".jpg";
    for (int i = 0; i < 3; ++i) root.write(std::string(folder) + "/" + std::to_string(i) + suffix, "x");
  }
  CHECK_THROWS_WITH(mao::open_dataset(root.path()),
                    ContainsSubstring("class 'red' has 0 images") && ContainsSubstring("3 .bmp (red 3)"));
}
