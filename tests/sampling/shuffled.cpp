// SPDX-License-Identifier: Apache-2.0
#include <mao/sampling/shuffled.hpp>

#include <mao/core/error.hpp>

#include <algorithm>
#include <support/catch.hpp>

using mao::Batch;
using mao::DataError;
using mao::OptionError;
using mao::Rng;
using mao::ShuffledSampler;

namespace {

const mao::ClassList seven{{"ant", "bee", "cat", "dog", "emu", "fox", "gnu"}};

std::vector<std::int64_t> labels_of(std::int64_t count) {
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < count; ++i) labels.push_back(i % 7);
  return labels;
}

std::vector<std::int64_t> images_of(const std::vector<Batch>& batches) {
  std::vector<std::int64_t> images;
  for (const auto& batch : batches) images.insert(images.end(), batch.images.begin(), batch.images.end());
  return images;
}

}  // namespace

TEST_CASE("every image comes once per epoch, with its label", "[sampling]") {
  for (const std::int64_t count : {1, 5, 31, 32, 33, 100}) {
    for (const int size : {1, 4, 32, 200}) {
      const auto labels = labels_of(count);
      Rng rng(3);
      const auto batches = ShuffledSampler(labels, seven, {.batch = size, .drop_last = false}).epoch(rng);
      auto images = images_of(batches);
      for (const auto& batch : batches) {
        CHECK((batch.size() == size || &batch == &batches.back()));
        CHECK(batch.weights.empty());
        REQUIRE(batch.labels.size() == batch.images.size());
        for (std::size_t i = 0; i < batch.images.size(); ++i) {
          CHECK(batch.labels[i] == labels[static_cast<std::size_t>(batch.images[i])]);
        }
      }
      std::ranges::sort(images);
      REQUIRE(static_cast<std::int64_t>(images.size()) == count);
      for (std::int64_t i = 0; i < count; ++i) CHECK(images[static_cast<std::size_t>(i)] == i);
    }
  }
}

TEST_CASE("a short last batch is left out unless it is the only one", "[sampling]") {
  Rng rng(3);
  CHECK(ShuffledSampler(labels_of(70), seven).epoch(rng).size() == 2);
  CHECK(ShuffledSampler(labels_of(64), seven).epoch(rng).size() == 2);
  const auto only = ShuffledSampler(labels_of(5), seven).epoch(rng);
  REQUIRE(only.size() == 1);
  CHECK(only.front().size() == 5);
}

TEST_CASE("the generator alone decides the order", "[sampling]") {
  const ShuffledSampler sampler(labels_of(40), seven, {.batch = 8});
  Rng first(11);
  Rng same(11);
  Rng other(12);
  const auto epoch = images_of(sampler.epoch(first));
  CHECK(epoch == images_of(sampler.epoch(same)));
  CHECK(epoch != images_of(sampler.epoch(first)));
  CHECK(epoch != images_of(sampler.epoch(other)));
}

TEST_CASE("each image is as likely in each place", "[sampling]") {
  const ShuffledSampler sampler(labels_of(4), seven, {.batch = 4});
  Rng rng(5);
  std::vector<int> first(4, 0);
  for (int i = 0; i < 4000; ++i) ++first[static_cast<std::size_t>(sampler.epoch(rng).front().images.front())];
  for (const int count : first) CHECK(std::abs(count - 1000) < 150);  // 5 standard deviations
}

TEST_CASE("a shuffled sampler refuses what it cannot use", "[sampling]") {
  CHECK_THROWS_AS(ShuffledSampler({}, seven), DataError);
  CHECK_THROWS_AS(ShuffledSampler({0, 1}, seven, {.batch = 0}), OptionError);
  CHECK_THROWS_WITH(ShuffledSampler({0, -1}, seven), ContainsSubstring("image 1 has the label -1, expected 0 to 6"));
  CHECK_THROWS_WITH(ShuffledSampler({7}, seven), ContainsSubstring("a position in 7 classes ('ant'"));
  CHECK_THROWS_WITH(ShuffledSampler({0}, {}), ContainsSubstring("the class list is empty, expected the classes"));
}

TEST_CASE("a shuffled sampler says which classes and how many images it is for", "[sampling]") {
  const ShuffledSampler sampler(labels_of(40), seven);
  CHECK(sampler.classes() == seven);
  CHECK(sampler.images() == 40);
}
