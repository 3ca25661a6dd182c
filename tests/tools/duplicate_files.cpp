// SPDX-License-Identifier: Apache-2.0
#include "datasets/duplicate_files.hpp"

#include <string>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <vector>

namespace {

using mao::DuplicatePicture;
using mao_test::TemporaryFolder;

mao::Dataset two_classes(const TemporaryFolder& folder) {
  mao::Dataset dataset;
  dataset.root = folder.path();
  dataset.classes.names = {"cat", "dog"};
  return dataset;
}

}  // namespace

TEST_CASE("the same image in training and test, or in two classes, is found", "[duplicate_files]") {
  const TemporaryFolder folder;
  mao::Dataset dataset = two_classes(folder);
  folder.write("a.png", "one");
  folder.write("b.png", "one");  // trained on twice, in one class: no number is wrong
  folder.write("c.png", "one");  // tested
  folder.write("d.png", "one");  // of another class
  folder.write("e.png", "two");  // as long, other bytes
  folder.write("f.png", "three");
  dataset.train = {{"a.png", 0}, {"b.png", 0}, {"d.png", 1}, {"e.png", 1}};
  dataset.val = {{"f.png", 0}};
  dataset.test = {{"c.png", 0}, {"f.png", 0}, {"gone.png", 1}};
  const std::vector<DuplicatePicture> expected{{{"a.png", "train", "cat"}, {"c.png", "test", "cat"}},
                                               {{"a.png", "train", "cat"}, {"d.png", "train", "dog"}}};
  for (const int threads : {0, 1, 3}) CHECK(mao::duplicate_pictures(dataset, threads) == expected);
  CHECK_FALSE(expected[0].of_two_classes());
  CHECK(expected[1].of_two_classes());
}

TEST_CASE("rows that list an image again in their split are found, however its path is written", "[duplicate_files]") {
  const TemporaryFolder folder;
  mao::Dataset dataset = two_classes(folder);
  dataset.train = {{"a.png", 0}, {"b.png", 1}};
  dataset.test = {{"c.png", 0}, {"d.png", 1}};
  CHECK(mao::repeated_pictures(dataset).empty());
  CHECK(mao::repeats_text({}).empty());
  dataset.train.push_back({"./a.png", 0});
  const std::vector<mao::ListedPicture> one{{"./a.png", "train", "cat"}};
  CHECK(mao::repeated_pictures(dataset) == one);
  CHECK(mao::repeats_text(one) ==
        "1 row lists an image again: 1 of train (./a.png); an image counts as often as it is listed");
  dataset.val = {{"a.png", 0}};  // of another split
  dataset.test.insert(dataset.test.end(), {{"x/../c.png", 0}, {"c.png", 0}});
  CHECK(mao::repeats_text(mao::repeated_pictures(dataset)) ==
        "3 rows list an image again: 1 of train (./a.png), 2 of test (x/../c.png, ...); an image counts as often as "
        "it is "
        "listed");
}

TEST_CASE("images whose ends agree but not their middle are two images", "[duplicate_files]") {
  const TemporaryFolder folder;
  mao::Dataset dataset = two_classes(folder);
  std::string content(20000, 'x');
  folder.write("a.png", content);
  content[10000] = 'y';
  folder.write("b.png", content);
  dataset.train = {{"a.png", 0}};
  dataset.test = {{"b.png", 1}};
  CHECK(mao::duplicate_pictures(dataset).empty());
  folder.write("b.png", std::string(20000, 'x'));
  CHECK(mao::duplicate_pictures(dataset).size() == 1);
}
