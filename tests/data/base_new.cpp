// SPDX-License-Identifier: Apache-2.0
#include <mao/data/base_new.hpp>

#include <mao/core/error.hpp>

#include <filesystem>
#include <mao/data/split_json.hpp>
#include <support/catch.hpp>
#include <support/folders.hpp>
#include <tuple>

namespace {

mao::Dataset numbered_classes(std::int64_t count) {
  mao::Dataset dataset;
  for (std::int64_t label = 0; label < count; ++label) {
    dataset.classes.names.push_back("class " + std::to_string(label));
    dataset.train.push_back({std::to_string(label) + ".jpg", label});
    dataset.test.push_back({std::to_string(label) + "t.jpg", label});
  }
  return dataset;
}

}  // namespace

TEST_CASE("the halves are ceil(C/2) and the rest, relabelled from 0, nothing lost", "[base_new]") {
  for (std::int64_t count = 2; count < 9; ++count) {
    const auto whole = numbered_classes(count);
    const auto [base, fresh] = mao::split_base_new(whole);
    CHECK(base.classes.size() == (count + 1) / 2);
    CHECK(base.classes.size() + fresh.classes.size() == count);
    CHECK_NOTHROW(mao::check(base, "base"));
    CHECK_NOTHROW(mao::check(fresh, "new"));
    for (const auto* half : {&base, &fresh}) {
      const std::int64_t first = half == &base ? 0 : base.classes.size();
      for (const auto& item : half->train) {
        CHECK(item.path == std::to_string(item.label + first) + ".jpg");
        CHECK(half->classes.names[static_cast<std::size_t>(item.label)] ==
              "class " + std::to_string(item.label + first));
      }
    }
  }
}

TEST_CASE("one class has no halves", "[base_new]") {
  CHECK_THROWS_AS(mao::base_half(numbered_classes(1)), mao::DataError);
  CHECK_THROWS_AS(mao::class_range(numbered_classes(3), 2, 4), mao::OptionError);
}

TEST_CASE("the published data sets have their published base and new test counts", "[base_new][shared]") {
  const auto splits = std::filesystem::path(mao_test::source_dir()) / "../shared/data/splits";
  MAO_SKIP_UNLESS(std::filesystem::exists(splits), splits.string() + " is not there");
  const std::vector<std::tuple<std::string, std::size_t, std::size_t>> expected{
      {"Caltech101", 1549, 916},        {"OxfordPets", 1881, 1788}, {"StanfordCars", 4002, 4039},
      {"OxfordFlowers", 1053, 1410},    {"EuroSAT", 4200, 3900},    {"UCF101", 1934, 1849},
      {"DescribableTextures", 864, 828}};
  for (const auto& [name, base, fresh] : expected) {
    INFO(name);
    const auto halves = mao::split_base_new(mao::read_split_json(splits / ("split_zhou_" + name + ".json"), "images"));
    CHECK(halves.base.test.size() == base);
    CHECK(halves.fresh.test.size() == fresh);
  }
}
