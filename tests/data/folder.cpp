// SPDX-License-Identifier: Apache-2.0
#include <mao/data/folder.hpp>

#include <initializer_list>
#include <string>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

namespace {

void touch(const mao_test::TemporaryFolder& folder, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    std::filesystem::create_directories((folder / name).parent_path());
    folder.write(name, "x");
  }
}

}  // namespace

TEST_CASE("a folder with splits is read in the order of the names", "[folder]") {
  const mao_test::TemporaryFolder folder;
  touch(folder, {"train/dog/2.JPG", "train/dog/10.jpg", "train/cat/1.png", "train/cat/notes.txt", "train/.hidden/1.jpg",
                 "test/cat/3.jpeg", "val/dog/4.jpg"});
  const auto dataset = mao::read_folder(folder.path());
  CHECK(dataset.classes.names == std::vector<std::string>{"cat", "dog"});
  CHECK(dataset.train ==
        std::vector<mao::Item>{{"train/cat/1.png", 0}, {"train/dog/10.jpg", 1}, {"train/dog/2.JPG", 1}});
  CHECK(dataset.val == std::vector<mao::Item>{{"val/dog/4.jpg", 1}});
  CHECK(dataset.test == std::vector<mao::Item>{{"test/cat/3.jpeg", 0}});
  CHECK(mao::missing_files(dataset).empty());
}

TEST_CASE("without a test folder val is both, as in CoOp's ImageNet", "[folder]") {
  const mao_test::TemporaryFolder folder;
  touch(folder, {"train/n1/1.jpg", "val/n1/2.jpg"});
  const auto dataset = mao::read_folder(folder.path(), {.class_names = {{"n1", "tench"}, {"n2", "unused"}}});
  CHECK(dataset.test == dataset.val);
  CHECK(dataset.classes.names == std::vector<std::string>{"tench"});
}

TEST_CASE("a folder of classes is split, the same way each time", "[folder]") {
  const mao_test::TemporaryFolder folder;
  for (const char* name : {"a/1.jpg", "a/2.jpg", "a/3.jpg", "a/4.jpg", "b/1.jpg", "b/2.jpg"}) touch(folder, {name});
  const auto dataset = mao::read_folder(folder.path());
  CHECK(dataset.train.size() + dataset.val.size() + dataset.test.size() == 6);
  CHECK(mao::read_folder(folder.path()) == dataset);
  CHECK(mao::missing_files(dataset).empty());
}

TEST_CASE("folders that contradict themselves are refused by name", "[folder]") {
  const mao_test::TemporaryFolder folder;
  CHECK_THROWS_AS(mao::read_folder(folder / "absent"), mao::FileError);
  CHECK_THROWS_WITH(mao::read_folder(folder.path()), ContainsSubstring("no class folder"));
  touch(folder, {"train/cat/1.jpg"});
  CHECK_THROWS_WITH(mao::read_folder(folder.path()), ContainsSubstring("neither test/ nor val/"));
  touch(folder, {"test/cat/1.jpg", "test/dog/1.jpg"});
  CHECK_THROWS_WITH(mao::read_folder(folder.path()), ContainsSubstring("'dog' has no folder with training images"));
  touch(folder, {"train/dog/readme.txt"});
  CHECK_THROWS_WITH(mao::read_folder(folder.path()), ContainsSubstring("'dog' (label 1) has no training image"));
  CHECK_THROWS_WITH(mao::read_folder(folder.path(), {.class_names = {{"cat", "a cat"}}}),
                    ContainsSubstring("no class name for the folder 'dog'"));
  CHECK_THROWS_WITH(mao::read_folder(folder.path(), {.class_names = {{"cat", "a cat"}, {"dgo", "a dog"}}}),
                    ContainsSubstring("among them one for 'dgo', which is not a folder"));
}
