// SPDX-License-Identifier: Apache-2.0
#include "datasets/check_files.hpp"

#include <atomic>
#include <stdexcept>
#include <string>
#include <support/catch.hpp>
#include <support/images.hpp>
#include <support/temporary_folder.hpp>
#include <vector>

namespace {

using mao::FileProblem;
using mao::FileProblemKind;
using mao::SplitPresence;

/// Two classes of four pictures; val and test share one.
mao::Dataset pictures(const mao_test::TemporaryFolder& folder) {
  mao::Dataset dataset;
  dataset.root = folder.path();
  dataset.classes.names = {"a", "b"};
  for (const std::string place : {"a", "b"}) {
    for (const char* number : {"1", "2", "3", "4"}) {
      const std::string path = place + "/image_000" + number + ".png";
      mao_test::write_png(folder / path, mao_test::random_image(9, 7, 1));
      auto& items = *number < '3' ? dataset.train : dataset.test;
      items.push_back({path, place == "b" ? 1 : 0});
    }
  }
  dataset.val = {dataset.test.front()};
  return dataset;
}

}  // namespace

TEST_CASE("a whole data set has no problem, on any number of threads", "[check_files]") {
  const mao_test::TemporaryFolder folder;
  const auto dataset = pictures(folder);
  folder.write("a/unlisted.png", "not an image");
  for (const int threads : {0, 1, 5}) {
    std::size_t done = 0;
    const auto report =
        mao::check_files(dataset, {mao::ImageCheck::decode, threads, [&](std::size_t now, std::size_t total) {
                                     CHECK(now == ++done);
                                     CHECK(total == 8);
                                   }});
    CHECK(report.problems.empty());
    CHECK(report.splits == std::vector<SplitPresence>{{"train", 4, 4}, {"val", 1, 1}, {"test", 4, 4}});
    CHECK(done == 8);
  }
}

TEST_CASE("one file removed, one cut short and one renamed are reported exactly so", "[check_files]") {
  const mao_test::TemporaryFolder folder;
  const auto dataset = pictures(folder);
  std::filesystem::remove(folder / "a/image_0001.png");
  std::filesystem::resize_file(folder / "a/image_0003.png", 60);
  std::filesystem::rename(folder / "b/image_0002.png", folder / "b/image_0002_copy.png");
  for (const auto check : {mao::ImageCheck::ends, mao::ImageCheck::decode}) {
    const auto report = mao::check_files(dataset, {check, 2});
    REQUIRE(report.problems.size() == 3);
    CHECK(report.problems[0] == FileProblem{FileProblemKind::missing, "train", "a/image_0001.png", ""});
    CHECK(report.problems[1] ==
          FileProblem{FileProblemKind::renamed, "train", "b/image_0002.png", "b/image_0002_copy.png"});
    CHECK(report.problems[2].kind == FileProblemKind::damaged);
    CHECK(report.problems[2].split == "val");
    CHECK(report.problems[2].path == "a/image_0003.png");
    CHECK_THAT(report.problems[2].detail, ContainsSubstring("cut short"));
    CHECK(report.splits == std::vector<SplitPresence>{{"train", 4, 2}, {"val", 1, 1}, {"test", 4, 4}});
  }
}

TEST_CASE("a split that is not there at all does not hide a renamed file", "[check_files]") {
  const mao_test::TemporaryFolder folder;
  auto dataset = pictures(folder);
  dataset.val = {{"a/image_0007.png", 0}, {"a/image_0008.png", 0}};
  std::filesystem::rename(folder / "a/image_0002.png", folder / "a/holiday.png");
  const auto report = mao::check_files(dataset);
  REQUIRE(report.problems.size() == 3);
  CHECK(report.problems[0] == FileProblem{FileProblemKind::renamed, "train", "a/image_0002.png", "a/holiday.png"});
  CHECK(report.problems[1] == FileProblem{FileProblemKind::missing, "val", "a/image_0007.png", ""});
}

TEST_CASE("work in parallel is done once each, and errors come out", "[check_files]") {
  std::vector<std::atomic<int>> seen(100);
  mao::detail::on_threads(seen.size(), 4, [&](std::size_t i) { ++seen[i]; });
  for (const auto& count : seen) CHECK(count == 1);
  CHECK_THROWS_AS(mao::detail::on_threads(10, 3, [](std::size_t) { throw std::runtime_error("x"); }),
                  std::runtime_error);
}
