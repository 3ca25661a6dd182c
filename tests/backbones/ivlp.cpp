// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/ivlp.hpp>
#include <mao/embedded/toy_model.hpp>

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

using ToyIvlp = Ivlp<ToyModel>;

const IvlpOptions ivlp_shape{.text_context = 2, .text_depth = 3, .vision_context = 4, .vision_depth = 2};

}  // namespace

static_assert(ClassFeatures<ToyIvlp> && !FrozenImageTower<ToyIvlp> && !NeedsAllClasses<ToyIvlp>);

TEST_CASE("IVLP keeps the promises of a backbone", "[ivlp]") {
  mao_test::check_backbone([] { return ToyIvlp(ToyModel::make(), toy_classes(6), ivlp_shape); });
}

TEST_CASE("IVLP trains as many numbers as it says", "[ivlp]") {
  ToyIvlp ivlp(ToyModel::make(), toy_classes(3), ivlp_shape);
  CHECK(mao_test::count(ivlp.parameters()) == 2 * 64 * 3 + 4 * 128 * 2);
  CHECK(ivlp.parameters()[0].name == "prompt_learner.ctx");
  CHECK(ivlp.parameters()[2].name == "image_encoder.transformer.resblocks.1.VPT_shallow");
}

TEST_CASE("IVLP without a vision prompt sees images as the frozen model does", "[ivlp]") {
  IvlpOptions options = ivlp_shape;
  options.vision_depth = 0;
  const auto model = ToyModel::make();
  ToyIvlp ivlp(model, toy_classes(3), options);
  const ImageBatch images{.pixels = mao::testing::ToyImages(3, 1, 1).pixels, .features = {}};
  CHECK(ivlp.encode_image(images).equal(unit_rows(model->encode_image(images.pixels))));
}

TEST_CASE("IVLP refuses a depth that a tower does not have, and images without pixels", "[ivlp]") {
  CHECK_THROWS_WITH(ToyIvlp(ToyModel::make(), toy_classes(3), {.text_depth = 4, .vision_depth = 3}),
                    ContainsSubstring("text_depth = 4, the tower has 3 blocks"));
  ToyIvlp ivlp(ToyModel::make(), toy_classes(3), ivlp_shape);
  CHECK_THROWS_WITH(ivlp.encode_image({.pixels = {}, .features = normal_tensor({2, 16}, 1.0, Rng(1))}),
                    ContainsSubstring("needs pixels"));
}
