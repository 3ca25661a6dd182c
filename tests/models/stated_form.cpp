// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/stated_form.hpp>
#include <mao/embedded/toy_model.hpp>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("what is stated replaces the defaults, the rest stays") {
  CHECK(with_stated(ClipForm(), StatedForm()) == ClipForm());
  StatedForm stated;
  stated.vision = {.heads = 3, .activation = Activation::Gelu, .epsilon = 1e-6};
  stated.text.heads = 2;
  stated.causal = false;
  stated.text_pooling = TextPooling::Last;
  stated.image_pooling = ImagePooling::Patches;
  const ClipForm form = with_stated(ClipForm(), stated);
  CHECK(form.vision == TowerForm{.heads = 3, .activation = Activation::Gelu, .epsilon = 1e-6});
  CHECK(form.text == TowerForm{.heads = 2});
  CHECK_FALSE(form.causal);
  CHECK(form.text_pooling == TextPooling::Last);
  CHECK(form.image_pooling == ImagePooling::Patches);
}

TEST_CASE("a configuration that contradicts the saved modules is refused with both") {
  const ClipArchitecture sizes = mao::testing::toy_sizes();
  StatedForm stated;
  stated.vision.heads = 2;
  CHECK_NOTHROW(expect_agreement(stated, ClipForm(), sizes, "x.pt", "config.json"));  // 0 heads: of 64 channels
  stated.vision.heads = 4;
  CHECK_THROWS_WITH(expect_agreement(stated, ClipForm(), sizes, "x.pt", "config.json"),
                    ContainsSubstring("x.pt was saved whole") && ContainsSubstring("4 heads of 32") &&
                        ContainsSubstring("but config.json says: image tower 2 heads of 64"));
}

TEST_CASE("sizes that the modules state are those of the tensors") {
  const ClipArchitecture sizes = mao::testing::toy_sizes();
  StatedForm stated;
  CHECK_NOTHROW(expect_sizes(stated, sizes, "x.pt"));
  stated.resolution = sizes.resolution;
  stated.context = sizes.context;
  CHECK_NOTHROW(expect_sizes(stated, sizes, "x.pt"));
  stated.resolution = 224;
  CHECK_THROWS_WITH(expect_sizes(stated, sizes, "x.pt"), ContainsSubstring("takes 224 px"));
  stated.resolution = {};
  stated.context = 77;
  CHECK_THROWS_WITH(expect_sizes(stated, sizes, "x.pt"), ContainsSubstring("takes 77 tokens"));
  stated.context = {};
  stated.window = "4, 4; 0, 0; 1, 1";
  CHECK_NOTHROW(expect_sizes(stated, sizes, "x.pt"));
  stated.window = "2, 2; 0, 0; 1, 1";
  CHECK_THROWS_WITH(expect_sizes(stated, sizes, "x.pt"),
                    ContainsSubstring("2, 2; 0, 0; 1, 1, expected 4, 4; 0, 0; 1, 1"));
}
