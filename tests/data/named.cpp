// SPDX-License-Identifier: Apache-2.0
#include <mao/data/named.hpp>

#include <mao/core/error.hpp>

#include <mao/data/base_new.hpp>
#include <string>
#include <support/catch.hpp>
#include <support/folders.hpp>
#include <support/temporary_folder.hpp>

namespace {

constexpr const char* textures =
    R"({"train":[["banded/1.jpg",0,"banded"],["dotted/1.jpg",1,"dotted"]],"val":[],"test":[["banded/2.jpg",0,"banded"]]})";

}  // namespace

TEST_CASE("the published splits read to the published counts, base and new included", "[named][shared]") {
  MAO_SKIP_UNLESS(std::filesystem::exists(mao_test::shared_splits()), mao_test::shared_splits().string() + " is not there");
  const mao_test::TemporaryFolder root;
  int read = 0;
  for (const auto& known : mao::named_datasets) {
    const auto split = mao_test::shared_splits() / known.split;
    if (known.layout != mao::DatasetLayout::split_json || !std::filesystem::exists(split)) continue;
    INFO(known.name);
    std::filesystem::create_directories(root / known.folder);
    std::filesystem::copy_file(split, root / known.folder / known.split);
    const auto dataset = mao::read_named(known, root.path());
    const auto [base, fresh] = mao::split_base_new(dataset);
    CHECK(dataset.classes.size() == known.counts.classes);
    CHECK(static_cast<std::int64_t>(dataset.train.size()) == known.counts.train);
    CHECK(static_cast<std::int64_t>(dataset.val.size()) == known.counts.val);
    CHECK(static_cast<std::int64_t>(dataset.test.size()) == known.counts.test);
    CHECK(base.classes.size() == known.counts.base_classes());
    CHECK(fresh.classes.size() == known.counts.new_classes());
    CHECK(static_cast<std::int64_t>(base.test.size()) == known.counts.base_test);
    CHECK(static_cast<std::int64_t>(fresh.test.size()) == known.counts.new_test);
    ++read;
  }
  CHECK(read == 7);
}

TEST_CASE("a data set opens by any of its names and the root of all data sets", "[named]") {
  const mao_test::TemporaryFolder root;
  root.write("dtd/images/banded/1.jpg", "x");
  root.write("dtd/split_zhou_DescribableTextures.json", textures);
  for (const char* name : {"dtd", "DTD", "DescribableTextures"}) {
    const auto dataset = mao::open_named(name, root.path());
    CHECK(dataset.root == root / "dtd" / "images");
    CHECK(dataset.train.size() == 2);
  }
  const auto renamed = mao::open_named("dtd", root.path(), {{"banded", "stripes"}, {"dotted", "dots"}});
  CHECK(renamed.classes.names == std::vector<std::string>{"stripes", "dots"});
  CHECK_THROWS_WITH(mao::open_named("dtd", root.path(), {{"banded", "stripes"}}),
                    ContainsSubstring("no readable name for the class 'dotted'"));
}

TEST_CASE("aircraft and ImageNet's variants open by name", "[named]") {
  const mao_test::TemporaryFolder root;
  root.write("fgvc_aircraft/images/1.jpg", "x");
  root.write("fgvc_aircraft/variants.txt", "DR-400\n");
  for (const char* split : {"train", "val", "test"}) {
    root.write(std::string("fgvc_aircraft/images_variant_") + split + ".txt", "1 DR-400\n");
  }
  CHECK(mao::open_named("FGVCAircraft", root.path()).classes.names == std::vector<std::string>{"DR-400"});
  root.write("imagenet/images/train/n01/a.JPEG", "x");
  root.write("imagenet/images/val/n01/a.JPEG", "x");
  root.write("imagenet/classnames.txt", "n01 tench\n");
  root.write("imagenet-adversarial/imagenet-a/n01/x.jpg", "x");
  CHECK(mao::open_named("imagenet", root.path()).test.size() == 1);
  const auto variant = mao::open_named("ImageNetA", root.path());
  CHECK(variant.train.empty());
  CHECK(variant.classes.names == std::vector<std::string>{"tench"});
  CHECK(mao::open_named("imagenet_a", root.path(), {{"n01", "Schleie"}}).classes.names[0] == "Schleie");
}

TEST_CASE("what is missing of a named data set is said", "[named]") {
  const mao_test::TemporaryFolder root;
  const auto open = [&] { return mao::open_named("dtd", root.path()); };
  CHECK_THROWS_AS(open(), mao::FileError);
  CHECK_THROWS_WITH(open(), ContainsSubstring("no folder") && ContainsSubstring("holds the data sets' folders"));
  std::filesystem::create_directories(root / "dtd");
  CHECK_THROWS_WITH(open(),
                    ContainsSubstring("there is no") && ContainsSubstring("split_zhou_DescribableTextures.json"));
  root.write("dtd/split_zhou_DescribableTextures.json", textures);
  CHECK_THROWS_WITH(open(), ContainsSubstring("cannot find") && ContainsSubstring("dtd/images/banded/1.jpg"));
  CHECK_THROWS_WITH(mao::open_named("dtd", root / "dtd"), ContainsSubstring("the folder above"));
  CHECK_THROWS_AS(mao::open_named("cifar10", root.path()), mao::OptionError);
}
