// SPDX-License-Identifier: Apache-2.0
#include <mao/models/vision_tower.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/phrase.hpp>

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/matmul.h>
#include <support/catch.hpp>
#include <support/siglip_weights.hpp>
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

namespace {

/// Patches of 4 px in a grid of 2 x 2, heads of 8 channels.
ClipArchitecture small_timm_sizes() {
  return {.embed = 12,
          .resolution = 8,
          .patch = 4,
          .vision_width = 16,
          .vision_layers = 2,
          .vision_mlp = 24,
          .pool_mlp = 20,
          .context = 8,
          .vocabulary = 10,
          .text_width = 8,
          .text_layers = 1,
          .text_mlp = 8};
}

/// As a Perception Encoder has them: rotary positions, and an attention pooling with its own heads.
ClipForm rotary_form() {
  ClipForm form;
  form.vision = {.heads = 2, .activation = Activation::Gelu};
  form.image_pooling = ImagePooling::Attention;
  form.image_bias = true;
  form.pool_heads = 4;
  form.rotary = 1;
  return form;
}

/// The pairs of channels of a token, turned by its column (first half) and its row (second half).
Tensor turned_token(const Tensor& channels, std::int64_t patch, std::int64_t grid, std::int64_t start) {
  Tensor result = channels.clone();
  const std::int64_t bands = channels.size(0) / 4;
  for (std::int64_t pair = 0; pair < 2 * bands; ++pair) {
    const std::int64_t place = start + (pair < bands ? patch % grid : patch / grid);
    const double angle =
        static_cast<double>(place) * std::pow(10000.0, -static_cast<double>(pair % bands) / static_cast<double>(bands));
    const double a = channels[2 * pair].item<double>(), b = channels[2 * pair + 1].item<double>();
    result[2 * pair] = a * std::cos(angle) - b * std::sin(angle);
    result[2 * pair + 1] = a * std::sin(angle) + b * std::cos(angle);
  }
  return result;
}

/// Attention of one image, token by token; the first one is the class token, then a 2 x 2 grid, then prompts.
Tensor rotary_attention(const Tensor& qkv, std::int64_t heads) {
  const std::int64_t tokens = qkv.size(0), width = qkv.size(1) / 3, head = width / heads;
  std::vector<Tensor> by_head;
  for (std::int64_t h = 0; h < heads; ++h) {
    std::vector<Tensor> queries, keys;
    for (std::int64_t t = 0; t < tokens; ++t) {
      Tensor query = qkv[t].narrow(0, h * head, head), key = qkv[t].narrow(0, width + h * head, head);
      if (t >= 1 && t < 5) query = turned_token(query, t - 1, 2, 1), key = turned_token(key, t - 1, 2, 1);
      queries.push_back(query);
      keys.push_back(key);
    }
    const Tensor scores = at::matmul(at::stack(queries), at::stack(keys).t()) / std::sqrt(static_cast<double>(head));
    by_head.push_back(at::matmul(scores.softmax(1), qkv.narrow(1, 2 * width + h * head, head)));
  }
  return at::cat(by_head, 1);
}

}  // namespace

TEST_CASE("rotary positions turn queries and keys of patches, neither the class token nor prompts", "[vision_tower]") {
  const ClipArchitecture sizes = small_timm_sizes();
  const ClipForm form = rotary_form();
  const TensorMap weights = mao_test::random_siglip_weights(sizes, form);
  const VisionTower tower(weights, sizes, form);
  const Tensor pixels = normal_tensor({2, 3, 8, 8}, 1.0, Rng(1));
  const ImagePrompts prompts{.tokens = normal_tensor({3, 16}, 0.5, Rng(4)), .deep = {}};
  std::map<std::string, Tensor> seen;
  const Tensor features =
      tower.encode(pixels, prompts, [&](const std::string& name, const Tensor& value) { seen[name] = value; });
  Tensor x = seen.at("visual.ln_pre");
  for (std::int64_t i = 0; i < 2; ++i) {
    const Block block = Block::from(weights, "visual.transformer.resblocks.", i, form.vision);
    const Tensor qkv = block.queries_keys_values(x);
    x = block.finish(x, at::stack({rotary_attention(qkv[0], 2), rotary_attention(qkv[1], 2)}));
    CHECK(relative_difference(seen.at("visual.block" + std::to_string(i)), x) < 1e-5);
  }
  const auto of_pool = [&](const char* name) { return weights.at(std::string("visual.pool.") + name); };
  const Tensor tokens = at::layer_norm(x.narrow(1, 0, 5), {16}, weights.at("visual.ln_post.weight"),
                                       weights.at("visual.ln_post.bias"));  // the class token and the patches
  const auto matrices = of_pool("attn.in_proj_weight").split(16), biases = of_pool("attn.in_proj_bias").split(16);
  const auto split = [](const Tensor& y) { return y.unflatten(-1, {4, 4}).transpose(-3, -2); };
  const Tensor query = split((at::matmul(matrices[0], of_pool("probe")) + biases[0]).view({1, 1, 16}));
  const Tensor keys = split(at::matmul(tokens, matrices[1].t()) + biases[1]);
  const Tensor mixed = at::matmul(at::matmul(query, keys.transpose(-2, -1)).div(2).softmax(-1),
                                  split(at::matmul(tokens, matrices[2].t()) + biases[2]));
  const Block pool = Block::pooling(weights, "visual.pool.", form.vision, Precision::Fp32);
  const Tensor pooled = pool.finish(at::zeros({2, 16}), mixed.transpose(-3, -2).flatten(1));
  CHECK(relative_difference(features, at::matmul(pooled, weights.at("visual.proj")) + weights.at("visual.proj.bias")) <
        1e-5);
  ClipForm still = form;
  still.rotary.reset();
  CHECK(relative_difference(VisionTower(weights, sizes, still).encode(pixels, prompts), features) > 1e-3);
}

TEST_CASE("keys of prompts reach a tower with rotary positions unturned, and gradients reach the prompts",
          "[vision_tower]") {
  const ClipArchitecture sizes = small_timm_sizes();
  ClipForm form = rotary_form();
  form.image_pooling = ImagePooling::ClassToken;
  const TensorMap weights = mao_test::random_siglip_weights(sizes, form);
  const Tensor pixels = normal_tensor({2, 3, 8, 8}, 1.0, Rng(1));
  const auto keys = normal_tensor({2, 16}, 0.5, Rng(4)).requires_grad_(true);
  const VisionTower tower(weights, sizes, form);
  const auto features = [&](const Tensor& attended) {
    return tower.encode(pixels, {.tokens = {}, .deep = {{}, {{}, attended}}});
  };
  const Tensor side = normal_tensor({2, 12}, 1.0, Rng(5));
  (features(keys) * side).sum().backward();
  const at::NoGradGuard frozen;
  const double step = 1e-2;
  for (const std::int64_t channel : {0, 7, 15}) {
    const auto moved = [&](double by) {
      Tensor other = keys.detach().clone();
      other[1][channel] += by;
      return (features(other) * side).sum().item<double>();
    };
    CHECK(keys.grad()[1][channel].item<double>() ==
          Approx((moved(step) - moved(-step)) / (2 * step)).margin(1e-3).epsilon(2e-2));
  }
  CHECK(relative_difference(features(keys.detach()), tower.encode(pixels)) > 1e-3);
}

TEST_CASE("a stem of convolutions makes the patches, and an MLP may come before the projection", "[vision_tower]") {
  ClipArchitecture sizes = small_timm_sizes();
  sizes.resolution = 32;
  sizes.patch = 16;
  ClipForm form;
  form.vision = {.heads = 2, .activation = Activation::Gelu, .epsilon = 1e-6};
  form.ln_pre = false;
  form.conv_stem = form.patch_bias = form.image_mlp = true;
  TensorMap weights = mao_test::random_siglip_weights(sizes, form);
  for (auto& [name, value] : weights) {
    if (name.ends_with("running_var")) value = 0.5 + value.abs();
  }
  const VisionTower tower(weights, sizes, form);
  const Tensor pixels = normal_tensor({2, 3, 32, 32}, 1.0, Rng(1));
  std::map<std::string, Tensor> seen;
  const Tensor features =
      tower.encode(pixels, {}, [&](const std::string& name, const Tensor& value) { seen[name] = value; });
  Tensor x = pixels;
  for (const std::string part : {"visual.stem.0.", "visual.stem.1."}) {
    const Tensor kernel = weights.at(part + "conv.weight");
    const auto norm = [&](const char* name) { return weights.at(part + "bn." + name); };
    x = at::conv2d(x, kernel, {}, kernel.size(3));
    x = at::batch_norm(x, norm("weight"), norm("bias"), norm("running_mean"), norm("running_var"), false, 0.1, 1e-5,
                       false);
    x = at::gelu(x);
  }
  x = at::conv2d(x, weights.at("visual.conv1.weight"), weights.at("visual.conv1.bias"), 2);
  CHECK(relative_difference(seen.at("visual.conv1"), x) < 1e-5);
  const Tensor hidden = at::gelu(
      at::linear(seen.at("visual.ln_post"), weights.at("visual.proj_fc.weight"), weights.at("visual.proj_fc.bias")));
  CHECK(relative_difference(features, at::matmul(hidden, weights.at("visual.proj"))) < 1e-5);
}
