// SPDX-License-Identifier: Apache-2.0
#include <mao/data/registry.hpp>

#include <mao/core/error.hpp>

#include <set>
#include <string>
#include <support/catch.hpp>

TEST_CASE("every spelling in use finds its data set", "[registry]") {
  for (const auto& known : mao::named_datasets) {
    for (const auto spelling : {known.name, known.title, known.registry, known.alias, known.folder}) {
      INFO(spelling);
      CHECK(mao::find_named(spelling) == &known);
    }
  }
  CHECK(mao::named_dataset("OXFORD-PETS").title == "OxfordPets");
  CHECK(mao::named_dataset("DescribableTextures").name == "dtd");
  CHECK(mao::named_dataset("Flowers102").registry == "OxfordFlowers");
}

TEST_CASE("what is no name is none, and paths never are", "[registry]") {
  for (const char* text : {"", "imagenet21k", "./dtd", "DATA/dtd", "dtd.json", "-", "sketch", "shifted", "disjoint"}) {
    INFO(text);
    CHECK(mao::find_named(text) == nullptr);
  }
  CHECK_THROWS_AS(mao::named_dataset("cifar10"), mao::OptionError);
  CHECK_THROWS_WITH(mao::named_dataset("cifar10"),
                    ContainsSubstring("'cifar10'") && ContainsSubstring("caltech101, oxford_pets"));
}

TEST_CASE("the registry is consistent in itself", "[registry]") {
  std::set<std::string_view> names, folders;
  for (const auto& known : mao::named_datasets) {
    INFO(known.name);
    names.insert(known.name);
    folders.insert(known.folder);
    const auto& counts = known.counts;
    CHECK(counts.base_classes() + counts.new_classes() == counts.classes);
    CHECK((counts.base_test == 0 || counts.base_test + counts.new_test == counts.test));
    CHECK((counts.test_per_class == 0 || counts.test_per_class * counts.classes == counts.test));
    CHECK(known.zero_shot_template.find("{}") != std::string_view::npos);
    CHECK(known.only_tested() ==
          (known.layout != mao::DatasetLayout::split_json && known.layout != mao::DatasetLayout::aircraft &&
           known.layout != mao::DatasetLayout::imagenet));
  }
  CHECK(names.size() == 15);
  CHECK(folders.size() == 15);
}
