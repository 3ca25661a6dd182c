// SPDX-License-Identifier: Apache-2.0
#include "datasets/unlisted_images.hpp"

#include <string>
#include <vector>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

TEST_CASE("images beside the listed ones that no row names are counted", "[unlisted_images]") {
  const mao_test::TemporaryFolder folder;
  for (const char* path : {"a/1.png", "a/2.png", "a/notes.txt", "b/1.jpg", "c/1.png", "top.png"}) {
    folder.write(path, "x");
  }
  mao::Dataset dataset;
  dataset.root = folder.path();
  dataset.classes.names = {"a", "b"};
  dataset.train = {{"./a/1.png", 0}};
  dataset.test = {{"b/1.jpg", 1}};
  CHECK(mao::unlisted_images(dataset) == std::vector<std::string>{"a/2.png"});  // no listed image is in c or at the top
  CHECK(mao::unlisted_text({"a/2.png"}) ==
        "1 image beside the listed ones is in no row (a/2.png); mao does not use it");
  CHECK(mao::unlisted_text({"a/2.png", "b/3.png"}) ==
        "2 images beside the listed ones are in no row (a/2.png, ...); mao does not use them");
  dataset.val = {{"a/2.png", 0}};
  CHECK(mao::unlisted_images(dataset).empty());
  CHECK(mao::unlisted_text({}).empty());
}

TEST_CASE("the folder of the list itself is searched, and one that has gone is passed over", "[unlisted_images]") {
  const mao_test::TemporaryFolder folder;
  folder.write("1.png", "x");
  folder.write("2.png", "x");
  mao::Dataset dataset;
  dataset.root = folder.path();
  dataset.classes.names = {"a"};
  dataset.train = {{"1.png", 0}, {"gone/1.png", 0}};
  CHECK(mao::unlisted_images(dataset) == std::vector<std::string>{"2.png"});
}
