// SPDX-License-Identifier: Apache-2.0
#include "datasets/check_named.hpp"

#include <string>
#include <support/catch.hpp>
#include <support/images.hpp>
#include <support/temporary_folder.hpp>

namespace {

using mao::DatasetLayout;
using mao::NamedDataset;

constexpr NamedDataset tiny{"tiny",
                            "Tiny",
                            "Tiny",
                            "tiny",
                            "letters",
                            "tiny-2",
                            "images",
                            "split_zhou_Tiny.json",
                            DatasetLayout::split_json,
                            {2, 2, 1, 2, 1, 1}};

void write_tiny(const mao_test::TemporaryFolder& root) {
  for (const char* path : {"a/1.png", "b/1.png", "a/2.png", "a/3.png", "b/3.png"}) {
    mao_test::write_png(root / ("tiny-2/images/" + std::string(path)), mao_test::random_image(5, 5, 1));
  }
  root.write("tiny-2/split_zhou_Tiny.json",
             R"({"train":[["a/1.png",0,"a"],["b/1.png",1,"b"]],"val":[["a/2.png",0,"a"]],)"
             R"("test":[["a/3.png",0,"a"],["b/3.png",1,"b"]]})");
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE("a complete data set is whole, an absent one is not found", "[check_named]") {
  const mao_test::TemporaryFolder root;
  const auto absent = mao::check_named(tiny, root.path());
  CHECK_FALSE(absent.found);
  CHECK_FALSE(absent.whole());
  CHECK(absent.faults.empty());
  write_tiny(root);
  const auto report = mao::check_named(tiny, root.path());
  INFO(joined(report.faults));
  CHECK(report.whole());
  CHECK(report.advice.empty());
  CHECK(report.counts.test == 2);
  CHECK(report.root == root / "tiny-2" / "images");
}

TEST_CASE("missing lists and folders are faults that say what to do", "[check_named]") {
  const mao_test::TemporaryFolder root;
  write_tiny(root);
  std::filesystem::rename(root / "tiny-2/images", root / "tiny-2/pictures");
  auto report = mao::check_named(tiny, root.path());
  CHECK_THAT(joined(report.faults), ContainsSubstring("no folder") && ContainsSubstring("tiny-2/images; unpack"));
  std::filesystem::remove(root / "tiny-2/split_zhou_Tiny.json");
  report = mao::check_named(tiny, root.path());
  CHECK(report.faults.size() == 1);
  CHECK_THAT(joined(report.faults), ContainsSubstring("split_zhou_Tiny.json") && ContainsSubstring("download"));
  CHECK(report.root.empty());
}

TEST_CASE("other counts than the published ones are faults", "[check_named]") {
  const mao_test::TemporaryFolder root;
  write_tiny(root);
  root.write(
      "tiny-2/split_zhou_Tiny.json",
      R"({"train":[["a/1.png",0,"a"],["b/1.png",1,"b"]],"val":[],"test":[["a/3.png",0,"a"],["a/2.png",0,"a"]]})");
  const auto report = mao::check_named(tiny, root.path());
  CHECK(joined(report.faults) ==
        "0 validation images, expected 1; use the published split_zhou_Tiny.json, otherwise results cannot be compared\n");
  NamedDataset halves = tiny;
  halves.counts = {2, 2, 0, 2, 1, 1};
  CHECK_THAT(joined(mao::check_named(halves, root.path()).faults),
             ContainsSubstring("2 test images of base classes, expected 1"));
}

TEST_CASE("absent validation images are said to be dispensable, others not", "[check_named]") {
  const mao_test::TemporaryFolder root;
  write_tiny(root);
  std::filesystem::remove(root / "tiny-2/images/a/2.png");
  auto report = mao::check_named(tiny, root.path());
  REQUIRE(report.files.problems.size() == 1);
  CHECK(report.files.splits[1] == mao::SplitPresence{"val", 1, 0});
  CHECK_THAT(joined(report.advice), ContainsSubstring("only validation images"));
  std::filesystem::remove(root / "tiny-2/images/a/1.png");
  report = mao::check_named(tiny, root.path());
  CHECK(report.files.problems.size() == 2);
  CHECK(joined(report.advice).find("only validation") == std::string::npos);
}

TEST_CASE("where no list names the images, the class with another number of them is named", "[check_named]") {
  const mao_test::TemporaryFolder root;
  constexpr NamedDataset numbers{"v",
                                 "V",
                                 "V",
                                 "v",
                                 "objects",
                                 "v",
                                 "val",
                                 "classnames.txt",
                                 DatasetLayout::imagenet_numbers,
                                 {2, 0, 0, 4, 2, 2, 2}};
  std::filesystem::create_directories(root / "v");
  root.write("v/classnames.txt", "n1 one\nn2 two\n");
  for (const char* path : {"0/a.png", "0/b.png", "1/a.png"}) {
    mao_test::write_png(root / ("v/val/" + std::string(path)), mao_test::random_image(5, 5, 1));
  }
  const auto report = mao::check_named(numbers, root.path());
  CHECK_THAT(joined(report.faults),
             ContainsSubstring("3 test images, expected 4") && ContainsSubstring("v/val/1 has 1 images, expected 2"));
}
