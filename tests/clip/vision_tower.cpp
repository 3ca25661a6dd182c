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
  const Tensor features = tower.encode(pixels, [&](const std::string& name, const Tensor& value) { seen[name] = value; });
  const Tensor expected = at::conv2d(pixels, weights.at("visual.conv1.weight"), {}, sizes.patch);
  CHECK(relative_difference(seen.at("visual.conv1"), expected) < 1e-5);
  CHECK(features.sizes() == at::IntArrayRef({3, sizes.embed}));
  // The class token of the whole last block is what the class-token-only block computes.
  const Tensor whole = seen.at("visual.block1").select(1, 0);
  const Tensor normed = at::layer_norm(whole, {sizes.vision_width}, weights.at("visual.ln_post.weight"), weights.at("visual.ln_post.bias"));
  CHECK(relative_difference(seen.at("visual.ln_post"), normed) < 1e-5);
}

TEST_CASE("images of another size are refused with both shapes", "[vision_tower]") {
  const mao::testing::ToyModel model(1);
  CHECK_THROWS_WITH(model.encode_image(normal_tensor({2, 3, 16, 16}, 1.0, Rng(1))),
                    ContainsSubstring("[2, 3, 16, 16]") && ContainsSubstring("[-1, 3, 8, 8]"));
}
