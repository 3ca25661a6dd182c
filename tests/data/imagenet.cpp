// SPDX-License-Identifier: Apache-2.0
#include <mao/data/imagenet.hpp>

#include <mao/core/error.hpp>

#include <string>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <vector>

namespace {

using mao::DatasetLayout;

const mao::ClassNames imagenet_names{{"n01", "tench"}, {"n02", "missile"}, {"n03", "missile"}};

}  // namespace

TEST_CASE("ImageNet's labels follow the sorted wnids, its files are sorted, val is tested on", "[imagenet]") {
  const mao_test::TemporaryFolder folder;
  for (const char* file : {"images/train/n03/b.JPEG", "images/train/n03/a.JPEG", "images/train/n01/z.JPEG",
                           "images/train/n02/z.JPEG", "images/val/n03/v.JPEG", "images/val/n01/v.JPEG"}) {
    folder.write(file, "x");
  }
  const auto dataset = mao::read_imagenet(folder.path(), imagenet_names);
  CHECK(dataset.classes.names == std::vector<std::string>{"tench", "missile", "missile"});
  CHECK(dataset.train ==
        std::vector<mao::Item>{
            {"train/n01/z.JPEG", 0}, {"train/n02/z.JPEG", 1}, {"train/n03/a.JPEG", 2}, {"train/n03/b.JPEG", 2}});
  CHECK(dataset.test == std::vector<mao::Item>{{"val/n01/v.JPEG", 0}, {"val/n03/v.JPEG", 2}});
  CHECK(dataset.val == dataset.test);
  CHECK(dataset.root == folder / "images");
}

TEST_CASE("folders and names that do not fit are refused with both named", "[imagenet]") {
  const mao_test::TemporaryFolder folder;
  for (const char* wnid : {"n01", "n02"}) folder.write(std::string("images/train/") + wnid + "/a.JPEG", "x");
  folder.write("images/val/flat.JPEG", "x");
  const auto read = [&](const mao::ClassNames& given) { return mao::read_imagenet(folder.path(), given); };
  CHECK_THROWS_WITH(read(imagenet_names), ContainsSubstring("2 class folders") && ContainsSubstring("3 class names") &&
                                     ContainsSubstring("n03 ('missile') has no folder"));
  CHECK_THROWS_WITH(read({{"n01", "tench"}}), ContainsSubstring("the folder n02 has no name"));
  CHECK_THROWS_AS(read(imagenet_names), mao::DataError);
  CHECK_THROWS_WITH(read({{"n01", "a"}, {"n02", "b"}}), ContainsSubstring("one folder per wnid"));
}

TEST_CASE("a numbered variant counts its folders as numbers", "[imagenet]") {
  const mao_test::TemporaryFolder folder;
  mao::ClassNames many;
  for (int i = 0; i < 12; ++i) {
    many["n" + std::to_string(10 + i)] = "class " + std::to_string(i);
    folder.write(std::to_string(i) + "/p.jpeg", "x");
  }
  const auto read = [&] { return mao::read_imagenet_variant(folder.path(), DatasetLayout::imagenet_numbers, many); };
  const auto dataset = read();
  CHECK(dataset.train.empty());
  REQUIRE(dataset.test.size() == 12);
  CHECK(dataset.test[10] == mao::Item{"10/p.jpeg", 10});
  CHECK(dataset.classes.names[10] == "class 10");
  std::filesystem::remove_all(folder / "11");
  CHECK_THROWS_WITH(read(), ContainsSubstring("11 numbered folders") && ContainsSubstring("12 class names"));
  folder.write("12/p.jpeg", "x");
  CHECK_THROWS_WITH(read(), ContainsSubstring("0 to 11"));
}

TEST_CASE("a variant by wnid has all classes, a subset only those of its folders", "[imagenet]") {
  const mao_test::TemporaryFolder folder;
  folder.write("n03/p.jpg", "x");
  folder.write("n01/p.jpg", "x");
  const auto subset = mao::read_imagenet_variant(folder.path(), DatasetLayout::imagenet_subset, imagenet_names);
  CHECK(subset.classes.names == std::vector<std::string>{"tench", "missile"});
  CHECK(subset.test == std::vector<mao::Item>{{"n01/p.jpg", 0}, {"n03/p.jpg", 1}});
  const auto all = [&] { return mao::read_imagenet_variant(folder.path(), DatasetLayout::imagenet_wnids, imagenet_names); };
  CHECK_THROWS_WITH(all(), ContainsSubstring("n02 ('missile') has no folder"));
  folder.write("n02/p.jpg", "x");
  CHECK(all().test.size() == 3);
  std::filesystem::remove(folder / "n02/p.jpg");
  CHECK_THROWS_WITH(all(), ContainsSubstring("class 'missile' (label 1) has no test image"));
}

TEST_CASE("classnames.txt is the variant's own, or ImageNet's beside it", "[imagenet]") {
  const mao_test::TemporaryFolder folder;
  std::filesystem::create_directories(folder / "imagenet");
  std::filesystem::create_directories(folder / "imagenetv2");
  const auto file = [&] { return mao::detail::imagenet_names_file(folder / "imagenetv2"); };
  CHECK_THROWS_WITH(file(),
                    ContainsSubstring("imagenetv2/classnames.txt") && ContainsSubstring("imagenet/classnames.txt"));
  folder.write("imagenet/classnames.txt", "n01 tench\n");
  CHECK(file() == folder / "imagenet/classnames.txt");
  folder.write("imagenetv2/classnames.txt", "n01 tench\n");
  CHECK(file() == folder / "imagenetv2/classnames.txt");
}
