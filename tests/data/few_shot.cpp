// SPDX-License-Identifier: Apache-2.0
#include <mao/data/few_shot.hpp>

#include <mao/core/error.hpp>

#include <cstdint>
#include <filesystem>
#include <mao/data/split_json.hpp>
#include <string>
#include <support/catch.hpp>
#include <support/folders.hpp>
#include <vector>

namespace {

/// 50 images of label 1, then 500 of label 0.
std::vector<mao::Item> two_groups() {
  std::vector<mao::Item> items;
  for (int i = 0; i < 50; ++i) items.push_back({std::to_string(i), 1});
  for (int i = 0; i < 500; ++i) items.push_back({std::to_string(i), 0});
  return items;
}

std::uint64_t hash_of_paths(const std::vector<mao::Item>& items) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const auto& item : items) {
    for (const char c : item.path + "\n") hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return hash;
}

}  // namespace

TEST_CASE("a draw is Python's, label after label in the order of first appearance", "[few_shot]") {
  const int expected[] = {8,   36,  4,   16, 7,   31,  28,  30,  41,  24,  13,  6,   44, 1,   40,  27,
                          311, 390, 392, 1,  356, 228, 136, 369, 410, 117, 302, 483, 52, 461, 162, 15};
  const auto drawn = mao::few_shot(two_groups(), 16, 1);
  REQUIRE(drawn.size() == 32);
  for (std::size_t i = 0; i < 32; ++i) {
    CHECK(drawn[i] == mao::Item{std::to_string(expected[i]), i < 16 ? 1 : 0});
  }
}

TEST_CASE("train is drawn first, then val with at most four from the same stream", "[few_shot]") {
  mao::Dataset dataset;
  dataset.train = two_groups();
  dataset.val = two_groups();
  const auto drawn = mao::draw_few_shot(dataset, 16, 1);
  CHECK(drawn.train == mao::few_shot(dataset.train, 16, 1));
  CHECK(drawn.val.size() == 8);
  CHECK_FALSE(drawn.val == mao::few_shot(dataset.val, 4, 1));
  CHECK(mao::draw_few_shot(dataset, 2, 1).val.size() == 4);
  CHECK(mao::few_shot_dataset(dataset, 16, 1).val == drawn.val);
}

TEST_CASE("a class with too few images gives them all, in order", "[few_shot]") {
  const std::vector<mao::Item> items{{"a", 0}, {"b", 1}, {"c", 0}};
  CHECK(mao::few_shot(items, 4, 1) == std::vector<mao::Item>{{"a", 0}, {"c", 0}, {"b", 1}});
  CHECK_THROWS_AS(mao::few_shot(items, 0, 1), mao::OptionError);
}

TEST_CASE("draws from the published splits are the published ones", "[few_shot][shared]") {
  const auto splits = std::filesystem::path(mao_test::source_dir()) / "../shared/data/splits";
  MAO_SKIP_UNLESS(std::filesystem::exists(splits), splits.string() + " is not there");
  // Made with CPython 3.11's random.seed and random.sample on the split files.
  const struct {
    const char* name;
    std::uint64_t seed;
    std::size_t shots, train, val;
    std::uint64_t train_hash, val_hash;
  } expected[] = {
      {"Caltech101", 1, 16, 1600, 400, 0x60d008af6bfdba42ULL, 0xd46cd66040183a51ULL},
      {"Caltech101", 3, 2, 200, 200, 0xa8cabb96739eb284ULL, 0xf44b6449509b3b5eULL},
      {"DescribableTextures", 1, 16, 752, 188, 0x199f08aa0e5a16afULL, 0xd7feff1f3c51102bULL},
      {"DescribableTextures", 3, 2, 94, 94, 0x476932de170fb92cULL, 0x034d82f1508a468dULL},
      {"EuroSAT", 1, 16, 160, 40, 0xa2f78e9c2d42bee6ULL, 0x4271f2dbce136252ULL},
      {"EuroSAT", 3, 2, 20, 20, 0x35a79513c4b037c2ULL, 0xb6a83e337f6e92c7ULL},
  };
  for (const auto& row : expected) {
    INFO(row.name << " seed " << row.seed);
    const auto dataset = mao::read_split_json(splits / ("split_zhou_" + std::string(row.name) + ".json"), "images");
    const auto drawn = mao::draw_few_shot(dataset, row.shots, row.seed);
    CHECK(drawn.train.size() == row.train);
    CHECK(drawn.val.size() == row.val);
    CHECK(hash_of_paths(drawn.train) == row.train_hash);
    CHECK(hash_of_paths(drawn.val) == row.val_hash);
  }
}
