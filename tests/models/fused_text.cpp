// SPDX-License-Identifier: Apache-2.0
// The kernels' pass and the formulas' (text_tower.cpp compares with the dense oracle), and what bf16 costs.
#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/fused_text.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/phrase.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;

namespace {

struct FusedDifferentiated {
  Tensor features, gradient;
};

FusedDifferentiated differentiate(const TextTower& tower, const BlockPrompts& prompts) {
  TextBatch batch;
  batch.prefix = normal_tensor({1, 5, tower.width()}, 0.5, Rng(1)).requires_grad_(true);
  batch.suffix = normal_tensor({14, tower.width()}, 0.5, Rng(2));
  batch.offsets = {0, 3, 4, 9, 14};
  batch.group = {0, 0, 0, 0};
  const Tensor features = tower.encode(batch, prompts);
  features.mul(normal_tensor(features.sizes().vec(), 1.0, Rng(3))).sum().backward();
  return {features.detach(), batch.prefix.grad()};
}

double cosine(const Tensor& a, const Tensor& b) { return (a.mul(b).sum() / (a.norm() * b.norm())).item<double>(); }

}  // namespace

TEST_CASE("kernels and formulas agree, names being constants and prompt outputs dead", "[fused_text]") {
  auto sizes = mao::testing::toy_sizes();
  sizes.text_width = 192;
  const TextTower tower(mao::testing::random_clip_weights(sizes, 5), sizes.text_layers);
  const Tensor all = normal_tensor({4, 192}, 0.5, Rng(6)), some = normal_tensor({2, 192}, 0.5, Rng(7));
  for (const BlockPrompts& prompts :
       {BlockPrompts{}, BlockPrompts{{}, {all, {}}, {all, {}}}, BlockPrompts{{}, {some, {}}}}) {
    const FusedDifferentiated fast = differentiate(tower, prompts);
    const PortableScope portable;
    const FusedDifferentiated plain = differentiate(tower, prompts);
    CHECK(relative_difference(fast.features, plain.features) < 1e-5);
    CHECK(relative_difference(fast.gradient, plain.gradient) < 1e-5);
  }
}

TEST_CASE("bf16 is within its bounds of fp32, with kernels and without", "[fused_text]") {
  auto sizes = mao::testing::toy_sizes();
  sizes.text_width = 256;
  const TensorMap weights = mao::testing::random_clip_weights(sizes, 5);
  const TextTower exact(weights, sizes.text_layers), half(weights, sizes.text_layers, ClipForm(), Precision::Bf16);
  const FusedDifferentiated expected = differentiate(exact, {}), fast = differentiate(half, {});
  const PortableScope portable;
  const FusedDifferentiated plain = differentiate(half, {});
  for (const FusedDifferentiated& found : {fast, plain}) {
    CHECK((found.features - expected.features).norm().item<double>() <
          1.5e-2 * expected.features.norm().item<double>());
    CHECK(cosine(found.gradient, expected.gradient) > 0.999);
  }
}

TEST_CASE("a memory limit changes neither features nor gradients", "[fused_text]") {
  const auto sizes = mao::testing::toy_sizes();
  TextTower tower(mao::testing::random_clip_weights(sizes, 5), sizes.text_layers);
  const Tensor deep = normal_tensor({4, 64}, 0.5, Rng(6)), of_rows = normal_tensor({4, 2, 64}, 0.5, Rng(7));
  for (const BlockPrompts& prompts : {BlockPrompts{}, BlockPrompts{{}, {deep, {}}}, BlockPrompts{{}, {of_rows, {}}}}) {
    tower.limit_kept(std::numeric_limits<std::size_t>::max());
    const FusedDifferentiated whole = differentiate(tower, prompts);
    for (const std::int64_t tokens : {1, 12}) {  // one row at a time, two rows at a time
      tower.limit_kept(tower.kept_bytes(tokens));
      const FusedDifferentiated parts = differentiate(tower, prompts);
      CHECK(relative_difference(parts.features, whole.features) < 1e-5);
      CHECK(relative_difference(parts.gradient, whole.gradient) < 1e-5);
    }
  }
}

TEST_CASE("a gradient reaches only what lies above the lowest trained block", "[fused_text]") {
  const mao::testing::ToyModel model(3);
  const Tensor late = normal_tensor({2, 64}, 0.5, Rng(8)).requires_grad_(true);
  const auto gradient = [&] {
    late.mutable_grad() = Tensor();
    TextBatch batch{normal_tensor({1, 4, 64}, 0.5, Rng(1)), normal_tensor({5, 64}, 0.5, Rng(2)), {0, 2, 5}, {0, 0}};
    model.text_tower().encode(batch, {{}, {}, {late, {}}}).pow(2).sum().backward();
    return late.grad().clone();
  };
  const Tensor fast = gradient();
  const PortableScope portable;
  CHECK(relative_difference(fast, gradient()) < 1e-5);
}
