// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/vpt.hpp>
#include <mao/backbones/ivlp.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/toy_model.hpp>

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>
#include <support/shape_model.hpp>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

using ToyVpt = Vpt<ToyModel>;

const VptOptions vpt_shape{.context = 4, .depth = 3};

}  // namespace

static_assert(ClassFeatures<ToyVpt> && !FrozenImageTower<ToyVpt> && !NeedsAllClasses<ToyVpt>);

TEST_CASE("VPT keeps the promises of a backbone", "[vpt]") {
  mao_test::check_backbone([] { return ToyVpt(ToyModel::make(), toy_classes(6), vpt_shape); });
}

TEST_CASE("VPT trains as many numbers as published, deep and shallow", "[vpt]") {
  using BigVpt = Vpt<mao_test::ShapeModel>;
  const auto big = std::make_shared<const mao_test::ShapeModel>();
  CHECK(mao_test::count(BigVpt(big, toy_classes(3)).parameters()) == 73728);
  CHECK(mao_test::count(BigVpt(big, toy_classes(3), {.depth = 1}).parameters()) == 6144);
  ToyVpt vpt(ToyModel::make(), toy_classes(3), vpt_shape);
  CHECK(mao_test::count(vpt.parameters()) == 3 * 4 * 128);
  CHECK(vpt.parameters()[0].name == "image_encoder.VPT");
  CHECK(vpt.parameters()[2].name == "image_encoder.transformer.resblocks.2.VPT_shallow");
}

TEST_CASE("VPT's classes are the untuned model's, its images IVLP's", "[vpt]") {
  const auto model = ToyModel::make();
  ToyVpt vpt(model, toy_classes(6), vpt_shape);
  ZeroShot<ToyModel> untuned(model, toy_classes(6));
  const Candidates some{{4, 1}};
  CHECK(largest_difference(vpt.encode_text(some), untuned.encode_text(some)) < 1e-6);
  CHECK_FALSE(vpt.encode_text(some).requires_grad());
  Ivlp<ToyModel> ivlp(model, toy_classes(6), {.text_depth = 1, .vision_context = 4, .vision_depth = 3});
  CHECK(vpt.encode_image(mao_test::toy_batch()).equal(ivlp.encode_image(mao_test::toy_batch())));
}

TEST_CASE("VPT refuses a depth that the image tower does not have", "[vpt]") {
  CHECK_THROWS_WITH(ToyVpt(ToyModel::make(), toy_classes(3)), ContainsSubstring("Vpt: depth = 12, the tower has 3"));
  CHECK_THROWS_WITH(ToyVpt(ToyModel::make(), toy_classes(3), {.context = 0, .depth = 2}),
                    ContainsSubstring("at least 1"));
}
