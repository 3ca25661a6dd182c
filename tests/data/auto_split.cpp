// SPDX-License-Identifier: Apache-2.0
#include <mao/data/auto_split.hpp>

#include <algorithm>
#include <support/catch.hpp>

namespace {

mao::Dataset split(std::vector<mao::Item> items, std::vector<std::string> names, std::uint64_t seed = 1) {
  mao::Dataset dataset;
  dataset.classes.names = std::move(names);
  mao::split_automatically(dataset, items, seed, "source");
  return dataset;
}

std::vector<mao::Item> numbered(int count, std::int64_t label) {
  std::vector<mao::Item> items;
  for (int i = 0; i < count; ++i) items.push_back({std::to_string(label) + "/" + std::to_string(i), label});
  return items;
}

}  // namespace

TEST_CASE("50, 20 and 30 percent of every class, nothing lost, nothing twice", "[auto_split]") {
  auto items = numbered(20, 0);
  const auto dataset = split(items, {"a"});
  CHECK(dataset.train.size() == 10);
  CHECK(dataset.val.size() == 4);
  CHECK(dataset.test.size() == 6);
  auto all = dataset.train;
  all.insert(all.end(), dataset.val.begin(), dataset.val.end());
  all.insert(all.end(), dataset.test.begin(), dataset.test.end());
  std::ranges::sort(all, {}, &mao::Item::path);
  std::ranges::sort(items, {}, &mao::Item::path);
  CHECK(all == items);
}

TEST_CASE("the split depends on the seed and the class, not on the order or the other classes", "[auto_split]") {
  auto items = numbered(20, 0);
  const auto alone = split(items, {"a"});
  std::ranges::reverse(items);
  CHECK(split(items, {"a"}) == alone);
  CHECK_FALSE(split(items, {"a"}, 2) == alone);
  for (const auto& other : numbered(9, 1)) items.push_back(other);
  const auto both = split(items, {"a", "b"});
  CHECK(std::equal(alone.train.begin(), alone.train.end(), both.train.begin()));
}

TEST_CASE("small classes still train and test; one image is too few", "[auto_split]") {
  for (int count = 2; count < 6; ++count) {
    const auto dataset = split(numbered(count, 0), {"a"});
    CHECK_FALSE(dataset.train.empty());
    CHECK_FALSE(dataset.test.empty());
    CHECK(dataset.train.size() + dataset.val.size() + dataset.test.size() == static_cast<std::size_t>(count));
  }
  CHECK_THROWS_WITH(split(numbered(1, 0), {"lynx"}), ContainsSubstring("class 'lynx' has 1 image"));
}

TEST_CASE("all classes with too few images are named, at most five of them", "[auto_split]") {
  auto items = numbered(3, 1);
  for (const auto& item : numbered(1, 2)) items.push_back(item);
  CHECK_THROWS_WITH(split(items, {"elk", "dog", "lynx"}),
                    ContainsSubstring("source: class 'elk' has 0 images, 'lynx' has 1 image; splitting into train"));
  CHECK_THROWS_WITH(split({}, {"a", "b", "c", "d", "e", "f", "g"}),
                    ContainsSubstring("'e' has 0 images, and 2 more have fewer than 2; splitting"));
}
