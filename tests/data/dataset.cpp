// SPDX-License-Identifier: Apache-2.0
#include <mao/data/dataset.hpp>

#include <mao/core/error.hpp>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

namespace {

mao::Dataset two_classes() {
  mao::Dataset dataset;
  dataset.root = "images";
  dataset.classes.names = {"cat", "dog"};
  dataset.train = {{"c1.jpg", 0}, {"d1.jpg", 1}};
  dataset.test = {{"c2.jpg", 0}, {"d2.jpg", 1}};
  return dataset;
}

}  // namespace

TEST_CASE("what contradicts itself is named", "[dataset]") {
  auto dataset = two_classes();
  CHECK_NOTHROW(mao::check(dataset, "pets"));
  dataset.test[1].label = 2;
  CHECK_THROWS_WITH(mao::check(dataset, "pets"), ContainsSubstring("pets: test image d2.jpg has label 2"));
  dataset = two_classes();
  dataset.train.pop_back();
  CHECK_THROWS_WITH(mao::check(dataset, "pets"), ContainsSubstring("'dog' (label 1) has no training image"));
  dataset = two_classes();
  dataset.test.clear();
  CHECK_THROWS_WITH(mao::check(dataset, "pets"), ContainsSubstring("test split is empty"));
  dataset = two_classes();
  dataset.classes.names[0] = "dog";
  CHECK_THROWS_WITH(mao::check(dataset, "pets"), ContainsSubstring("both named 'dog'"));
  dataset.classes.same_names = mao::SameNames::accept;
  CHECK_NOTHROW(mao::check(dataset, "pets"));
  dataset.classes.names[0] = "_";
  CHECK_THROWS_WITH(mao::check(dataset, "pets"), ContainsSubstring("empty in a prompt"));
  dataset.classes.same_names = mao::SameNames::refuse;
  dataset.classes.names[0] = " DOG_";
  CHECK_THROWS_WITH(mao::check(dataset, "pets"), ContainsSubstring("are both 'dog' in a prompt"));
  dataset.classes.names[0] = "_";
  CHECK_THROWS_WITH(mao::check(dataset, "pets"), ContainsSubstring("class 0 is named '_', which is empty in a prompt"));
  dataset.classes.names[0] = "ros\xE9";
  CHECK_THROWS_WITH(mao::check(dataset, "pets"), ContainsSubstring("'ros\\xE9', which is not UTF-8"));
  dataset.classes.names[0].clear();
  CHECK_THROWS_AS(mao::check(dataset, "pets"), mao::DataError);
}

TEST_CASE("all classes without a training image are named, at most five of them", "[dataset]") {
  auto dataset = two_classes();
  for (const char* name : {"ant", "bee", "elk", "fox"}) dataset.classes.names.emplace_back(name);
  CHECK_THROWS_WITH(mao::check(dataset, "pets"),
                    ContainsSubstring("pets: 4 classes have no training image: 'ant' (label 2), 'bee' (label 3), 'elk' "
                                      "(label 4), 'fox' (label 5); add some or leave the classes out"));
  dataset.classes.names.emplace_back("gnu");
  dataset.classes.names.emplace_back("hen");
  CHECK_THROWS_WITH(mao::check(dataset, "pets"), ContainsSubstring("6 classes have no training image: 'ant'") &&
                                                     ContainsSubstring("'gnu' (label 6), ...; add some"));
}

TEST_CASE("files and labels keep the order of the items; missing files are listed", "[dataset]") {
  const mao_test::TemporaryFolder folder;
  auto dataset = two_classes();
  dataset.root = folder.path();
  folder.write("c1.jpg", "x");
  CHECK(mao::files_of(dataset, dataset.train)[1] == folder / "d1.jpg");
  CHECK(mao::labels_of(dataset.test) == std::vector<std::int64_t>{0, 1});
  CHECK(mao::missing_files(dataset).size() == 3);
}

TEST_CASE("data that is only tested on needs a test image of every class instead", "[dataset]") {
  auto dataset = two_classes();
  dataset.train.clear();
  CHECK_THROWS_WITH(mao::check(dataset, "pets"), ContainsSubstring("train split is empty"));
  const auto check = [&] { mao::check(dataset, "pets", mao::NoTraining::accept); };
  CHECK_NOTHROW(check());
  dataset.test.pop_back();
  CHECK_THROWS_WITH(check(), ContainsSubstring("'dog' (label 1) has no test image"));
  dataset.train = {{"c1.jpg", 0}};
  CHECK_THROWS_WITH(check(), ContainsSubstring("has no training image"));
}
