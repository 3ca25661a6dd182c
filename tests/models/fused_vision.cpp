// SPDX-License-Identifier: Apache-2.0
// The kernels' pass of the image tower and the formulas', and what bf16 costs.
#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/fused_vision.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/phrase.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;

TEST_CASE("prompted images: kernels and formulas agree in features and gradients, over several parts",
          "[fused_vision]") {
  const auto sizes = mao::testing::toy_sizes();
  const TensorMap weights = mao::testing::random_clip_weights(sizes, 2);
  const VisionTower exact(weights, sizes), half(weights, sizes, ClipForm(), Precision::Bf16);
  const std::int64_t width = sizes.vision_width;
  const Tensor pixels = normal_tensor({11, 3, 8, 8}, 1.0, Rng(1));
  const auto tokens = [&](std::int64_t n, const char* name) {
    return normal_tensor({n, width}, 0.5, Rng(4)[name]).requires_grad_(true);
  };
  const ImagePrompts prompts{.tokens = tokens(3, "input"),
                             .deep = {{}, {tokens(3, "one"), tokens(2, "keys")}, {tokens(2, "two"), {}}}};
  const std::vector<Tensor> leaves{prompts.tokens, prompts.deep[1].replacement, prompts.deep[1].attended,
                                   prompts.deep[2].replacement};
  const auto differentiate = [&](const VisionTower& tower) {
    const Tensor features = tower.encode(pixels, prompts);
    features.mul(normal_tensor(features.sizes().vec(), 1.0, Rng(5))).sum().backward();
    std::vector<Tensor> found{features.detach()};
    for (const Tensor& leaf : leaves) {
      found.push_back(leaf.grad().clone());
      leaf.mutable_grad() = Tensor();
    }
    return found;
  };
  const auto fast = differentiate(exact), rounded = differentiate(half);
  VisionTower bounded = exact;
  bounded.limit_kept(1);
  const auto again = differentiate(bounded);
  const PortableScope portable;
  const auto plain = differentiate(exact);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    CAPTURE(i);
    CHECK(relative_difference(fast[i], plain[i]) < 1e-5);
    CHECK(relative_difference(again[i], plain[i]) < 1e-5);
    CHECK((rounded[i] - plain[i]).norm().item<double>() < 4e-2 * plain[i].norm().item<double>());
  }
}
