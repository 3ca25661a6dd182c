// SPDX-License-Identifier: Apache-2.0
#include <mao/clip/vision_tower.hpp>
#include <mao/testing/toy_model.hpp>

#include <ATen/ops/conv2d.h>

#include <map>
#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;

TEST_CASE("patches as a matrix product equal the convolution", "[vision_tower]") {
  const auto sizes = mao::testing::toy_sizes();
  const TensorMap weights = mao::testing::random_clip_weights(sizes, 2);
  const VisionTower tower(weights, sizes, Activation::QuickGelu);
  const Tensor pixels = normal_tensor({3, 3, sizes.resolution, sizes.resolution}, 1.0, Rng(1));
  std::map<std::string, Tensor> seen;
  const Tensor features = tower.encode(pixels, {}, [&](const std::string& name, const Tensor& value) { seen[name] = value; });
  const Tensor expected = at::conv2d(pixels, weights.at("visual.conv1.weight"), {}, sizes.patch);
  CHECK(relative_difference(seen.at("visual.conv1"), expected) < 1e-5);
  CHECK(features.sizes() == at::IntArrayRef({3, sizes.embed}));
  // The class token of the whole last block is what the class-token-only block computes.
  const Tensor whole = seen.at("visual.block2").select(1, 0);
  const Tensor normed = at::layer_norm(whole, {sizes.vision_width}, weights.at("visual.ln_post.weight"), weights.at("visual.ln_post.bias"));
  CHECK(relative_difference(seen.at("visual.ln_post"), normed) < 1e-5);
}

TEST_CASE("the prompted image tower is the plain blocks on longer sequences", "[vision_tower]") {
  const auto sizes = mao::testing::toy_sizes();
  const TensorMap weights = mao::testing::random_clip_weights(sizes, 2);
  const VisionTower tower(weights, sizes, Activation::QuickGelu);
  const Tensor pixels = normal_tensor({2, 3, sizes.resolution, sizes.resolution}, 1.0, Rng(1));
  const auto tokens = [&](std::int64_t n, const char* name) { return normal_tensor({n, sizes.vision_width}, 0.5, Rng(4)[name]); };
  const ImagePrompts prompts{.tokens = tokens(3, "input"), .deep = {{}, {tokens(3, "one"), tokens(2, "keys")}, {tokens(2, "two"), {}}}};
  std::map<std::string, Tensor> seen;
  static_cast<void>(tower.encode(pixels, {}, [&](const std::string& name, const Tensor& value) { seen[name] = value; }));
  const auto norm = [&](const Tensor& x, const std::string& name) {
    return at::layer_norm(x, {sizes.vision_width}, weights.at(name + ".weight"), weights.at(name + ".bias"));
  };
  const auto both = [](const Tensor& x) { return x.unsqueeze(0).expand({2, -1, -1}); };
  const auto block = [&](std::int64_t i) { return Block::from(weights, "visual.transformer.resblocks.", i, Activation::QuickGelu); };
  // By hand: prompts behind the patches, replaced by cutting and appending; keys as tokens whose outputs are dropped.
  Tensor x = at::cat({seen.at("visual.ln_pre"), both(norm(prompts.tokens, "visual.ln_pre"))}, 1);
  x = block(0).forward(x);
  x = at::cat({x.narrow(1, 0, 5), both(tokens(3, "one")), both(tokens(2, "keys"))}, 1);
  x = block(1).forward(x).narrow(1, 0, 8);
  x = at::cat({x.narrow(1, 0, 6), both(tokens(2, "two"))}, 1);
  x = norm(block(2).forward(x).select(1, 0), "visual.ln_post");
  CHECK(relative_difference(tower.encode(pixels, prompts), at::matmul(x, weights.at("visual.proj"))) < 1e-5);
  CHECK(relative_difference(tower.encode(pixels, prompts), tower.encode(pixels)) > 1e-3);
}

TEST_CASE("prompts that do not fit the image tower are refused", "[vision_tower]") {
  const mao::testing::ToyModel model(1);
  const Tensor pixels = mao::testing::ToyImages(1, 1, 1).pixels, tokens = normal_tensor({2, 128}, 0.5, Rng(1));
  CHECK_THROWS_WITH(model.encode_image(pixels, {.tokens = {}, .deep = {{}, {tokens, {}}}}),
                    ContainsSubstring("replaces 2 tokens, the input prompt has 0"));
  CHECK_THROWS_WITH(model.encode_image(pixels, {.tokens = tokens, .deep = BlockPrompts(4)}),
                    ContainsSubstring("prompts for 4 blocks, the tower has 3"));
}

TEST_CASE("images of another size are refused with both shapes", "[vision_tower]") {
  const mao::testing::ToyModel model(1);
  CHECK_THROWS_WITH(model.encode_image(normal_tensor({2, 3, 16, 16}, 1.0, Rng(1))),
                    ContainsSubstring("[2, 3, 16, 16]") && ContainsSubstring("[-1, 3, 8, 8]"));
}
