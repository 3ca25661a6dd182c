// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/resnet_shapes.hpp>

#include <ATen/ops/zeros.h>

#include <support/catch.hpp>
#include <support/resnet_weights.hpp>

using namespace mao;

TEST_CASE("the sizes of a ResNet are read off its tensors", "[resnet_shapes]") {
  for (const std::array<std::int64_t, 4> blocks : {std::array<std::int64_t, 4>{1, 2, 1, 1}, {2, 1, 3, 1}}) {
    ClipArchitecture sizes = mao_test::small_resnet();
    sizes.resnet_blocks = blocks;
    TensorMap weights = mao_test::random_resnet_weights(sizes, 1);
    CHECK(infer_architecture(weights, "RN.pt") == sizes);
    weights["visual.bn1.num_batches_tracked"] = at::zeros({}, at::kLong);
    CHECK(infer_architecture(weights, "RN.pt") == sizes);
  }
}

TEST_CASE("the published ResNets have the published shapes", "[resnet_shapes]") {
  const auto shape_of = [](const ClipArchitecture& sizes, const std::string& wanted) {
    for (const auto& [name, shape] : detail::expected_shapes(sizes, {})) {
      if (name == wanted) return shape;
    }
    return std::vector<std::int64_t>{};
  };
  using Shape = std::vector<std::int64_t>;
  const ClipArchitecture rn50{
      .embed = 1024, .resolution = 224, .patch = 32, .vision_width = 64, .resnet_blocks = {3, 4, 6, 3}};
  CHECK(shape_of(rn50, "visual.layer4.0.conv2.weight") == Shape{512, 512, 3, 3});
  CHECK(shape_of(rn50, "visual.layer1.0.downsample.0.weight") == Shape{256, 64, 1, 1});
  CHECK(shape_of(rn50, "visual.attnpool.positional_embedding") == Shape{50, 2048});
  CHECK(shape_of(rn50, "visual.attnpool.c_proj.weight") == Shape{1024, 2048});
  CHECK(shape_of(rn50, "visual.layer3.6.conv1.weight").empty());
}

TEST_CASE("whichever tensor of a ResNet is missing or too many, the error names it", "[resnet_shapes]") {
  const TensorMap whole = mao_test::random_resnet_weights(mao_test::small_resnet(), 1);
  for (const auto& [name, value] : whole) {
    if (name == "visual.layer1.0.conv1.weight") continue;  // without it the image tower is taken for a ViT
    TensorMap weights = whole;
    weights.erase(name);
    CHECK_THROWS_WITH(infer_architecture(weights, "RN.pt"), ContainsSubstring("RN.pt"));
  }
  TensorMap more = whole;
  more["visual.layer2.1.downsample.0.weight"] = at::zeros({32, 32, 1, 1});
  CHECK_THROWS_WITH(infer_architecture(more, "RN.pt"), ContainsSubstring("visual.layer2.1.downsample.0.weight"));
}
