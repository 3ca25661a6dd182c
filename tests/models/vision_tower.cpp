// SPDX-License-Identifier: Apache-2.0
#include <mao/models/vision_tower.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/phrase.hpp>

#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>

#include <map>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/matmul.h>
#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;

TEST_CASE("patches as a matrix product equal the convolution", "[vision_tower]") {
  const auto sizes = mao::testing::toy_sizes();
  const TensorMap weights = mao::testing::random_clip_weights(sizes, 2);
  const VisionTower tower(weights, sizes);
  const Tensor pixels = normal_tensor({3, 3, sizes.resolution, sizes.resolution}, 1.0, Rng(1));
  std::map<std::string, Tensor> seen;
  const Tensor features =
      tower.encode(pixels, {}, [&](const std::string& name, const Tensor& value) { seen[name] = value; });
  const Tensor expected = at::conv2d(pixels, weights.at("visual.conv1.weight"), {}, sizes.patch);
  CHECK(relative_difference(seen.at("visual.conv1"), expected) < 1e-5);
  CHECK(features.sizes() == at::IntArrayRef({3, sizes.embed}));
  // The class token of the whole last block is what the class-token-only block computes.
  const Tensor whole = seen.at("visual.block2").select(1, 0);
  const Tensor normed = at::layer_norm(whole, {sizes.vision_width}, weights.at("visual.ln_post.weight"),
                                       weights.at("visual.ln_post.bias"));
  CHECK(relative_difference(seen.at("visual.ln_post"), normed) < 1e-5);
}

TEST_CASE("the prompted image tower is the plain blocks on longer sequences", "[vision_tower]") {
  const auto sizes = mao::testing::toy_sizes();
  const TensorMap weights = mao::testing::random_clip_weights(sizes, 2);
  const VisionTower tower(weights, sizes);
  const Tensor pixels = normal_tensor({2, 3, sizes.resolution, sizes.resolution}, 1.0, Rng(1));
  const auto tokens = [&](std::int64_t n, const char* name) {
    return normal_tensor({n, sizes.vision_width}, 0.5, Rng(4)[name]);
  };
  const ImagePrompts prompts{.tokens = tokens(3, "input"),
                             .deep = {{}, {tokens(3, "one"), tokens(2, "keys")}, {tokens(2, "two"), {}}}};
  std::map<std::string, Tensor> seen;
  static_cast<void>(
      tower.encode(pixels, {}, [&](const std::string& name, const Tensor& value) { seen[name] = value; }));
  const auto norm = [&](const Tensor& x, const std::string& name) {
    return at::layer_norm(x, {sizes.vision_width}, weights.at(name + ".weight"), weights.at(name + ".bias"));
  };
  const auto both = [](const Tensor& x) { return x.unsqueeze(0).expand({2, -1, -1}); };
  const auto block = [&](std::int64_t i) { return Block::from(weights, "visual.transformer.resblocks.", i); };
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

namespace {

/// Features of prompted images and the gradients of the prompts.
std::vector<Tensor> differentiated(const VisionTower& tower, std::int64_t width) {
  const auto tokens = [&](std::int64_t n, const char* name) {
    return normal_tensor({n, width}, 0.5, Rng(4)[name]).requires_grad_(true);
  };
  const ImagePrompts prompts{.tokens = tokens(3, "input"), .deep = {{}, {tokens(3, "one"), tokens(2, "keys")}}};
  const Tensor features = tower.encode(normal_tensor({3, 3, 8, 8}, 1.0, Rng(1)), prompts);
  features.mul(normal_tensor(features.sizes().vec(), 1.0, Rng(5))).sum().backward();
  return {features.detach(), prompts.tokens.grad(), prompts.deep[1].replacement.grad(),
          prompts.deep[1].attended.grad()};
}

}  // namespace

TEST_CASE("whatever the width of the heads, the MLP, the GELU and the pooling, kernels and formulas agree",
          "[vision_tower]") {
  struct Shape {
    std::int64_t head, heads, mlp;
    ClipForm form{};
  };
  const std::vector<Shape> shapes{
      {48, 2, 384},
      {64, 2, 512},
      {72, 2, 576},
      {80, 2, 512},
      {88, 2, 768},
      {104, 2, 1024},
      {112, 1, 960},
      {36, 4, 576},
      {10, 5, 100},
      {64, 2, 1000},
      {64, 2, 512, {.vision = {.activation = Activation::GeluTanh}}},
      {64, 2, 512, {.vision = {.epsilon = 1e-2}}},
      {80, 2, 512, {.image_pooling = ImagePooling::Patches, .ln_pre = false}},
  };
  for (const Shape& shape : shapes) {
    CAPTURE(shape.head, shape.heads, shape.mlp, describe_vision(shape.form, 128));
    ClipArchitecture sizes = mao::testing::toy_sizes();
    sizes.vision_width = shape.head * shape.heads;
    sizes.vision_mlp = shape.mlp;
    ClipForm form = shape.form;
    form.vision.heads = shape.heads;
    const TensorMap weights = mao::testing::random_clip_weights(sizes, 2);
    const VisionTower exact(weights, sizes, form), half(weights, sizes, form, Precision::Bf16);
    const auto fast = differentiated(exact, sizes.vision_width), rounded = differentiated(half, sizes.vision_width);
    const at::NoGradGuard frozen;
    const Tensor images = normal_tensor({3, 3, 8, 8}, 1.0, Rng(1));
    const Tensor alone = exact.encode(images);
    const PortableScope portable;
    CHECK(relative_difference(alone, exact.encode(images)) < 1e-5);
    const at::AutoGradMode trains(true);
    const auto plain = differentiated(exact, sizes.vision_width);
    for (std::size_t i = 0; i < plain.size(); ++i) {
      CAPTURE(i);
      CHECK(relative_difference(fast[i], plain[i]) < 1e-5);
      CHECK((rounded[i] - plain[i]).norm().item<double>() < 5e-2 * plain[i].norm().item<double>());
    }
    form.vision.heads = 1;
    if (shape.heads > 1) CHECK(relative_difference(VisionTower(weights, sizes, form).encode(images), alone) > 1e-3);
  }
}

TEST_CASE("the mean of the patches takes in neither the class token nor prompts", "[vision_tower]") {
  const auto sizes = mao::testing::toy_sizes();
  const TensorMap weights = mao::testing::random_clip_weights(sizes, 2);
  const Tensor pixels = normal_tensor({2, 3, 8, 8}, 1.0, Rng(1));
  const ImagePrompts prompts{.tokens = normal_tensor({3, sizes.vision_width}, 0.5, Rng(4)), .deep = {}};
  for (const bool after : {false, true}) {
    const VisionTower tower(weights, sizes, {.image_pooling = ImagePooling::Patches, .norm_after_pooling = after});
    std::map<std::string, Tensor> seen;
    static_cast<void>(
        tower.encode(pixels, prompts, [&](const std::string& name, const Tensor& value) { seen[name] = value; }));
    const Tensor patches = seen.at("visual.block2").narrow(1, 1, 4);
    const auto norm = [&](const Tensor& x) {
      return at::layer_norm(x, {sizes.vision_width}, weights.at("visual.ln_post.weight"),
                            weights.at("visual.ln_post.bias"));
    };
    const Tensor expected = after ? norm(patches.mean(1)) : norm(patches).mean(1);
    CHECK(relative_difference(tower.encode(pixels, prompts), at::matmul(expected, weights.at("visual.proj"))) < 1e-5);
  }
}
