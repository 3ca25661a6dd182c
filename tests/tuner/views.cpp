// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/detail/views.hpp>

#include <set>

#include <ATen/ops/full.h>

#include <mao/data/detail/load_job.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>

using namespace mao;

namespace {

/// One pixel an image: the low bits of its key; its index as the feature.
class KeyImages : public ImageSource {
 public:
  [[nodiscard]] std::int64_t size() const override { return 9; }
  ImageBatch load(const std::vector<View>& views) override {
    loaded.push_back(views);
    const auto count = static_cast<std::int64_t>(views.size());
    return {.pixels = at::full({count, 1}, static_cast<double>(views[0].key % 1000003)),
            .features = at::full({count, 1}, static_cast<double>(views[0].image))};
  }
  std::vector<std::vector<View>> loaded;
};

const std::vector<Batch> batches{{.images = {3, 1, 3}, .labels = {}, .weights = {}},
                                 {.images = {5}, .labels = {}, .weights = {}}};

std::vector<std::uint64_t> keys(std::uint64_t seed, int epoch) {
  std::vector<std::uint64_t> all;
  for (const auto& views : views_of(batches, seed, epoch, true)) {
    for (const View& view : views) all.push_back(view.key);
  }
  return all;
}

}  // namespace

TEST_CASE("keys depend on seed, epoch and place, and no two are the same", "[views]") {
  CHECK(keys(1, 2) == keys(1, 2));
  std::set<std::uint64_t> distinct;
  for (const auto& some : {keys(1, 0), keys(1, 1), keys(2, 0)}) distinct.insert(some.begin(), some.end());
  CHECK(distinct.size() == 12);
  const auto views = views_of(batches, 1, 0, true);
  REQUIRE(views.size() == 2);
  CHECK(views[0][1].image == 1);
  CHECK(views[0][1].augment);
}

TEST_CASE("a second view is of the same images under other keys, and only where it is asked for", "[views]") {
  KeyImages images;
  const auto views = views_of(batches, 1, 0, true)[0];
  CHECK_FALSE(load_views(images, views, false).second_pixels.defined());
  const ImageBatch both = load_views(images, views, true);
  REQUIRE(images.loaded.size() == 3);
  for (std::size_t i = 0; i < views.size(); ++i) {
    CHECK(images.loaded[1][i].key == views[i].key);
    CHECK(images.loaded[2][i].key != views[i].key);
    CHECK(images.loaded[2][i].image == views[i].image);
    CHECK(images.loaded[2][i].augment);
  }
  CHECK_FALSE(both.second_pixels.equal(both.pixels));
  CHECK(both.second_features.equal(both.features));
}

TEST_CASE("what is announced is what is loaded, second views included", "[views]") {
  for (const bool twice : {false, true}) {
    for (const bool augment : {false, true}) {
      CAPTURE(twice, augment);
      KeyImages images;
      const auto views = views_of(batches, 1, 0, augment);
      const auto wanted = wanted_views(views, twice);
      for (const auto& of_batch : views) {
        const ImageBatch loaded = load_views(images, of_batch, twice);
        CHECK(loaded.second_pixels.defined() == twice);
        if (twice && !augment) CHECK(loaded.second_pixels.is_same(loaded.pixels));  // nothing is decoded again
      }
      REQUIRE(images.loaded.size() == wanted.size());
      for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(detail::same_views(images.loaded[i], wanted[i]));
    }
  }
}
