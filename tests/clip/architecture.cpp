// SPDX-License-Identifier: Apache-2.0
#include <mao/clip/architecture.hpp>
#include <mao/testing/toy_model.hpp>

#include <support/catch.hpp>

using namespace mao;
using mao::testing::random_clip_weights;

TEST_CASE("the sizes of a model are read off its tensors", "[architecture]") {
  const ClipArchitecture small = mao::testing::toy_sizes();
  const ClipArchitecture large{.embed = 24,
                               .resolution = 18,
                               .patch = 6,
                               .vision_width = 128,
                               .vision_layers = 11,
                               .context = 12,
                               .vocabulary = 70,
                               .text_width = 64,
                               .text_layers = 3};
  for (const ClipArchitecture& sizes : {small, large}) {
    TensorMap weights = random_clip_weights(sizes, 1);
    CHECK(infer_architecture(weights, "toy.pt") == sizes);
    weights["input_resolution"] = at::scalar_tensor(7, at::kLong);  // what is no part of the towers does not matter
    CHECK(infer_architecture(weights, "toy.pt") == sizes);
  }
}

TEST_CASE("whichever tensor is missing, the error names it and the file", "[architecture]") {
  const TensorMap whole = random_clip_weights(mao::testing::toy_sizes(), 1);
  for (const auto& [name, value] : whole) {
    TensorMap weights = whole;
    weights.erase(name);
    CHECK_THROWS_AS(infer_architecture(weights, "toy.pt"), FormatError);
    CHECK_THROWS_WITH(infer_architecture(weights, "toy.pt"), ContainsSubstring(name) && ContainsSubstring("toy.pt"));
  }
}

TEST_CASE("tensors that do not fit each other are named", "[architecture]") {
  const TensorMap whole = random_clip_weights(mao::testing::toy_sizes(), 1);
  const auto with = [&](const std::string& name, const std::vector<std::int64_t>& shape) {
    TensorMap weights = whole;
    weights[name] = at::zeros(shape);
    return weights;
  };
  CHECK_THROWS_WITH(infer_architecture(with("visual.positional_embedding", {7, 64}), "toy.pt"),
                    ContainsSubstring("visual.positional_embedding has 7 rows, expected a square number"));
  CHECK_THROWS_WITH(infer_architecture(with("visual.proj", {64, 9}), "toy.pt"), ContainsSubstring("visual.proj"));
  CHECK_THROWS_WITH(infer_architecture(with("visual.conv1.weight", {64, 48}), "toy.pt"),
                    ContainsSubstring("visual.conv1.weight has shape [64, 48], expected 4 dimensions"));
  CHECK_THROWS_WITH(infer_architecture(with("transformer.resblocks.1.mlp.c_fc.weight", {64, 64}), "toy.pt"),
                    ContainsSubstring("transformer.resblocks.1.mlp.c_fc.weight has shape [64, 64]"));
  CHECK_THROWS_WITH(infer_architecture(with("visual.layer1.0.conv1.weight", {1}), "RN50.pt"),
                    ContainsSubstring("RN50.pt") && ContainsSubstring("only ViT towers are supported"));
}
