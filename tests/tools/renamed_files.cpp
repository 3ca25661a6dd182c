// SPDX-License-Identifier: Apache-2.0
#include "datasets/renamed_files.hpp"

#include <map>
#include <string>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

namespace {

using Pairs = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("the edit distance of names", "[renamed_files]") {
  using mao::detail::edit_distance;
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("1.jpg", "1.JPG") == 3);
  CHECK(edit_distance("abc", "xabc") == 1);
}

TEST_CASE("a missing file is paired with a likely one, never with a listed one", "[renamed_files]") {
  using mao::detail::renamed_in;
  CHECK(renamed_in({{"image_0001.jpg"}, {"image_0001 (1).jpg", "zebra.jpg"}}) ==
        Pairs{{"image_0001.jpg", "image_0001 (1).jpg"}});
  CHECK(renamed_in({{"sun_aaqrtz.jpg"}, {"anything.png"}}) == Pairs{{"sun_aaqrtz.jpg", "anything.png"}});
  CHECK(renamed_in({{"sun_aaqrtz.jpg"}, {"sun_bxywpo.jpg", "sun_bkkqwe.jpg"}}).empty());
  CHECK(renamed_in({{"image_01.jpg", "image_02.jpg"}, {"image_01.JPG"}}) == Pairs{{"image_01.jpg", "image_01.JPG"}});
  CHECK(renamed_in({{"image_01.jpg", "image_02.jpg"}, {"image_02.jpeg"}}) == Pairs{{"image_02.jpg", "image_02.jpeg"}});
  CHECK(renamed_in({{"a.jpg"}, {}}).empty());
  CHECK(renamed_in({std::vector<std::string>(500, "a.jpg"), std::vector<std::string>(500, "a.JPG")}).empty());
}

TEST_CASE("candidates are the unlisted images of the same folder", "[renamed_files]") {
  const mao_test::TemporaryFolder folder;
  for (const char* place : {"a", "b"}) std::filesystem::create_directories(folder / place);
  for (const char* file : {"a/1.jpg", "a/2x.jpg", "b/2.jpg", "3x.jpg"}) folder.write(file, "");
  const auto found = mao::renamed_files(folder.path(), {"a/2.jpg", "b/1.jpg", "gone/1.jpg", "3.jpg"},
                                        {"a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg", "gone/1.jpg", "3.jpg"});
  CHECK(found == Pairs{{"a/2.jpg", "a/2x.jpg"}, {"3.jpg", "3x.jpg"}});
}
