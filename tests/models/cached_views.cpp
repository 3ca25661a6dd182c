// SPDX-License-Identifier: Apache-2.0
#include <mao/models/cached_views.hpp>

#include <map>
#include <set>

#include <ATen/ops/empty.h>

#include <support/catch.hpp>

using namespace mao;

namespace {

/// The pixel of a view is a number that image and key decide; it remembers what was asked for.
class Recorder : public ImageSource {
 public:
  [[nodiscard]] std::int64_t size() const override { return 5; }
  void announce(const std::vector<std::vector<View>>& batches) override {
    for (const auto& views : batches) announced += views.size();
  }
  ImageBatch load(const std::vector<View>& views) override {
    Tensor pixels = at::empty({static_cast<std::int64_t>(views.size()), 3, 1, 1});
    for (std::size_t i = 0; i < views.size(); ++i) {
      const auto key = views[i].augment ? views[i].key % 10007 + 1 : 0;
      pixels.select(0, static_cast<std::int64_t>(i)).fill_(static_cast<double>(key));
      ++loaded;
    }
    return {.pixels = pixels, .features = {}};
  }
  std::size_t announced = 0, loaded = 0;
};

/// Features are pixels; counts images.
struct CountingModel {
  mutable std::int64_t encoded = 0;
  [[nodiscard]] Tensor encode_image(const Tensor& pixels) const {
    encoded += pixels.size(0);
    return pixels.view({pixels.size(0), 3});
  }
};

std::vector<View> epoch_of(std::uint64_t seed) {
  Rng rng(seed);
  std::vector<View> views;
  for (std::int64_t image = 0; image < 5; ++image) views.push_back({image, rng.bits(), true});
  return views;
}

}  // namespace

TEST_CASE("each image has K views, encoded once, whatever the epochs ask for", "[cached_views]") {
  const CountingModel model;
  auto source = std::make_unique<Recorder>();
  Recorder* recorder = source.get();
  const Tensor features = CachedViews::encode(model, *source, 3, 7, 4);
  CHECK(model.encoded == 15);
  CHECK(recorder->announced == 15);
  CachedViews views(std::move(source), features, 7, false);
  CHECK(views.views_per_image() == 3);
  std::map<std::int64_t, std::set<double>> seen;
  for (std::uint64_t epoch = 0; epoch < 40; ++epoch) {
    views.announce({epoch_of(epoch)});
    const ImageBatch batch = views.load(epoch_of(epoch));
    CHECK_FALSE(batch.pixels.defined());
    CHECK(batch.features.equal(views.load(epoch_of(epoch)).features));
    for (std::int64_t i = 0; i < 5; ++i) seen[i].insert(batch.features[i][0].item<double>());
  }
  for (const auto& [image, of_image] : seen) CHECK(of_image.size() == 3);
  CHECK(recorder->loaded == 15);
  CHECK(recorder->announced == 15);
}

TEST_CASE("pixels that are shown as well are those the features belong to", "[cached_views]") {
  const CountingModel model;
  auto source = std::make_unique<Recorder>();
  Recorder* recorder = source.get();
  const Tensor features = CachedViews::encode(model, *source, 2, 1);
  CachedViews views(std::move(source), features, 1, true);
  const auto announced = recorder->announced;
  views.announce({epoch_of(3)});
  CHECK(recorder->announced == announced + 5);
  const ImageBatch batch = views.load(epoch_of(3));
  CHECK(batch.features.equal(batch.pixels.view({5, 3})));
  const ImageBatch plain = views.load({{.image = 2}});
  CHECK(plain.pixels.eq(0).all().item<bool>());
  CHECK_FALSE(plain.features.defined());
  CHECK_FALSE(features.equal(CachedViews::encode(model, *recorder, 2, 2)));  // another seed, other views
}

TEST_CASE("numbers that do not fit are refused", "[cached_views]") {
  const CountingModel model;
  Recorder source;
  CHECK_THROWS_AS(CachedViews::encode(model, source, 0, 1), OptionError);
  CHECK_THROWS_WITH(CachedViews::encode(model, source, 1, 1, 0), ContainsSubstring("batches of 0 views"));
  CHECK_THROWS_AS(CachedViews(std::make_unique<Recorder>(), at::empty({7, 3}), 1, false), ShapeError);
}
