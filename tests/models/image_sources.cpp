// SPDX-License-Identifier: Apache-2.0
#include <mao/models/image_sources.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/data/decode.hpp>
#include <mao/data/detail/transform.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/cached_views.hpp>
#include <mao/prompts/phrase.hpp>
#include <mao/tuner/detail/views.hpp>

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <support/catch.hpp>
#include <support/images.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

namespace {

std::vector<View> views_of(const std::vector<std::int64_t>& images) {
  std::vector<View> views;
  for (const auto image : images) views.push_back({.image = image});
  return views;
}

}  // namespace

TEST_CASE("images in memory come in the order they are asked for", "[image_sources]") {
  const Tensor pixels = ToyImages(3, 2, 1).pixels;
  TensorImages images(pixels);
  CHECK(images.size() == 6);
  const ImageBatch batch = images.load(views_of({4, 0, 4}));
  CHECK(batch.pixels.equal(pixels.index_select(0, at::tensor({4, 0, 4}))));
  CHECK_FALSE(batch.features.defined());
  CHECK_THROWS_AS(TensorImages(at::zeros({2, 8, 8})), ShapeError);
}

TEST_CASE("kept features are those of the tower, whatever the batches they were made in", "[image_sources]") {
  const ToyModel model;
  const Tensor pixels = ToyImages(5, 1, 1).pixels.requires_grad_(true);
  TensorImages images(pixels);
  std::vector<std::int64_t> done;
  FeatureImages kept = FeatureImages::encode(model, images, 2, [&](std::int64_t count) { done.push_back(count); });
  CHECK(done == std::vector<std::int64_t>{2, 4, 5});
  CHECK_FALSE(kept.features().requires_grad());
  CHECK(relative_difference(kept.features(), model.encode_image(pixels)) < 1e-5);
  const ImageBatch batch = kept.load(views_of({3, 1}));
  CHECK(batch.features.equal(kept.features().index_select(0, at::tensor({3, 1}))));
  CHECK_FALSE(batch.pixels.defined());
  TensorImages none(at::zeros({0, 3, 8, 8}));
  CHECK_THROWS_WITH(FeatureImages::encode(model, none), ContainsSubstring("no images to encode"));
}

TEST_CASE("pixels come with the features of their evaluation view, augmented ones without", "[image_sources]") {
  const Tensor pixels = normal_tensor({5, 3, 8, 8}, 1.0, Rng(1)), features = normal_tensor({5, 16}, 1.0, Rng(2));
  FeaturedImages images(std::make_unique<TensorImages>(pixels), features);
  REQUIRE(images.size() == 5);
  auto views = views_of({4, 0});
  const ImageBatch batch = images.load(views);
  CHECK(batch.pixels.equal(pixels.index_select(0, at::tensor({4, 0}))));
  CHECK(batch.features.equal(features.index_select(0, at::tensor({4, 0}))));
  views[0].augment = true;
  CHECK_FALSE(images.load(views).features.defined());
  CHECK_THROWS_AS(FeaturedImages(std::make_unique<TensorImages>(pixels), features.narrow(0, 0, 4)), ShapeError);
}

TEST_CASE("image files are decoded and transformed, announced or not", "[image_sources]") {
  const std::vector<std::filesystem::path> files{
      mao_test::image_golden("colour.jpg"), mao_test::image_golden("alpha.png"), mao_test::image_golden("grey.jpg")};
  LoaderOptions options;
  options.preprocess = Preprocess::symmetric(8);
  FileImages images(files, options);
  REQUIRE(images.size() == 3);
  const auto views = views_of({2, 0, 1});
  for (const bool announced : {false, true}) {
    if (announced) images.announce({views});
    const Tensor pixels = images.load(views).pixels;
    REQUIRE(pixels.sizes().vec() == std::vector<std::int64_t>{3, 3, 8, 8});
    for (std::size_t i = 0; i < views.size(); ++i) {
      const Tensor expected = at::empty({3, 8, 8}, at::kFloat);
      const Image image = read_image(files[static_cast<std::size_t>(views[i].image)]);
      evaluation_view(image, options.preprocess, expected.mutable_data_ptr<float>());
      CHECK(pixels[static_cast<std::int64_t>(i)].equal(expected));
    }
  }
  FileImages missing({"/nowhere/at-all.jpg"}, options);
  CHECK_THROWS_WITH(missing.load(views_of({0})), ContainsSubstring("at-all.jpg"));
}

TEST_CASE("sources over another source refuse one that is null", "[image_sources]") {
  CHECK_THROWS_WITH(FeaturedImages(nullptr, at::ones({1, 2})),
                    ContainsSubstring("FeaturedImages: the source of pixels is"));
  CHECK_THROWS_WITH(CachedViews(nullptr, at::ones({1, 2}), 1, false),
                    ContainsSubstring("CachedViews: the source is null"));
}

TEST_CASE("an image that is not there is refused by every source", "[image_sources]") {
  const Tensor pixels = ToyImages(2, 1, 1).pixels;
  const auto in_memory = [&] { return std::make_unique<TensorImages>(pixels); };
  TensorImages images(pixels);
  FeatureImages features(at::ones({2, 4}));
  FeaturedImages both(in_memory(), at::ones({2, 4}));
  CachedViews views(in_memory(), at::ones({6, 4}), 1, false);
  const std::vector<std::pair<ImageSource*, std::string>> all{
      {&images, "TensorImages"}, {&features, "FeatureImages"}, {&both, "FeaturedImages"}, {&views, "CachedViews"}};
  for (const auto& [source, name] : all) {
    for (const std::int64_t image : {-1, 2, 1000}) {
      CHECK_THROWS_AS(source->load({{.image = 0, .augment = true}, {.image = image, .augment = true}}), OptionError);
      CHECK_THROWS_WITH(
          source->load(views_of({0, image})),
          ContainsSubstring(name) && ContainsSubstring(text_of(": image ", image, "; there are 2, numbered from 0")));
    }
  }
}
