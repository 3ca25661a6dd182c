// SPDX-License-Identifier: Apache-2.0
// The image tower against the network written out as its source has it: batch normalisation behind each convolution,
// keys and values of every position.
#include <mao/models/resnet_tower.hpp>
#include <mao/core/detail/ops.hpp>

#include <mao/core/detail/ops.hpp>

#include <array>
#include <string>

#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/softmax.h>

#include <support/catch.hpp>
#include <support/resnet_weights.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;

namespace {

/// The tower in the order of the paper's code.
class PlainResNet {
 public:
  explicit PlainResNet(TensorMap weights) : weights_(std::move(weights)) {}

  [[nodiscard]] Tensor encode(const Tensor& pixels, const ClipArchitecture& sizes, std::int64_t heads) const {
    Tensor x = pixels;
    for (const std::string i : {"1", "2", "3"}) x = at::relu(convolution(x, "conv" + i, "bn" + i, i == "1" ? 2 : 1));
    x = at::avg_pool2d(x, {2, 2});
    for (std::size_t stage = 0; stage < 4; ++stage) {
      for (std::int64_t i = 0; i < sizes.resnet_blocks[stage]; ++i) {
        x = block(x, text_of("layer", stage + 1, '.', i, '.'), stage > 0 && i == 0);
      }
    }
    return pool(x, heads);
  }

 private:
  [[nodiscard]] const Tensor& of(const std::string& name) const { return weights_.at("visual." + name); }

  [[nodiscard]] Tensor convolution(const Tensor& x, const std::string& name, const std::string& norm,
                                   std::int64_t stride = 1) const {
    const Tensor& weight = of(name + ".weight");
    const std::int64_t padding = weight.size(2) / 2;
    const std::array strides{stride, stride}, paddings{padding, padding};
    const Tensor y = at::conv2d(x, weight, {}, strides, at::IntArrayRef(paddings));
    return at::batch_norm(y, of(norm + ".weight"), of(norm + ".bias"), of(norm + ".running_mean"),
                          of(norm + ".running_var"), false, 0, 1e-5, false);
  }

  [[nodiscard]] Tensor block(const Tensor& x, const std::string& name, bool halves) const {
    Tensor inner = at::relu(convolution(x, name + "conv1", name + "bn1"));
    inner = at::relu(convolution(inner, name + "conv2", name + "bn2"));
    if (halves) inner = at::avg_pool2d(inner, {2, 2});
    inner = convolution(inner, name + "conv3", name + "bn3");
    if (!weights_.contains("visual." + name + "downsample.0.weight")) return at::relu(inner + x);
    const Tensor shortcut = halves ? at::avg_pool2d(x, {2, 2}) : x;
    return at::relu(inner + convolution(shortcut, name + "downsample.0", name + "downsample.1"));
  }

  [[nodiscard]] Tensor pool(const Tensor& x, std::int64_t heads) const {
    Tensor tokens = x.flatten(2).transpose(1, 2);
    tokens = at::cat({tokens.mean({1}, true), tokens}, 1) + of("attnpool.positional_embedding");
    const auto projected = [&](const std::string& name, const Tensor& of_what) {
      const Tensor y = at::linear(of_what, of(name + ".weight"), of(name + ".bias"));
      return y.reshape({y.size(0), y.size(1), heads, -1}).transpose(1, 2);  // [B, h, n, d]
    };
    const Tensor q = projected("attnpool.q_proj", tokens.narrow(1, 0, 1)), k = projected("attnpool.k_proj", tokens);
    const Tensor v = projected("attnpool.v_proj", tokens);
    const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(3)));
    const Tensor read = at::matmul(at::softmax(at::matmul(q, k.transpose(2, 3)) * scale, -1), v);  // [B, h, 1, d]
    return at::linear(read.flatten(1), of("attnpool.c_proj.weight"), of("attnpool.c_proj.bias"));
  }

  TensorMap weights_;
};

ClipForm form_of(std::int64_t heads) {
  ClipForm form;
  form.vision.heads = heads;
  return form;
}

}  // namespace

TEST_CASE("the tower is the network as its source has it, with any number of heads", "[resnet_tower]") {
  const ClipArchitecture sizes = mao_test::small_resnet();
  const TensorMap weights = mao_test::random_resnet_weights(sizes, 5);
  const Tensor pixels = normal_tensor({3, 3, 64, 64}, 1.0, Rng(7));
  for (const std::int64_t heads : {1, 4, 32}) {
    const Tensor expected = PlainResNet(weights).encode(pixels, sizes, heads);
    const ResNetTower tower(weights, sizes, form_of(heads));
    CHECK(relative_difference(tower.encode(pixels), expected) < 1e-5);
    CHECK(relative_difference(tower.encode(pixels.narrow(0, 1, 1)), expected.narrow(0, 1, 1)) < 1e-5);
  }
  const Tensor four = ResNetTower(weights, sizes, form_of(4)).encode(pixels);
  CHECK(relative_difference(ResNetTower(weights, sizes, form_of(8)).encode(pixels), four) > 1e-3);
}

TEST_CASE("bf16 is near, and a gradient reaches the pixels", "[resnet_tower]") {
  const ClipArchitecture sizes = mao_test::small_resnet();
  const TensorMap weights = mao_test::random_resnet_weights(sizes, 5);
  const Tensor pixels = normal_tensor({2, 3, 64, 64}, 1.0, Rng(7));
  const ResNetTower tower(weights, sizes, form_of(4));
  const Tensor expected = tower.encode(pixels);
  const ResNetTower rough(weights, sizes, form_of(4), Precision::Bf16);
  CHECK(relative_difference(rough.encode(pixels), expected) < 5e-2);
  const Tensor differentiated = tower.encode(pixels.clone().requires_grad_(true));
  CHECK(differentiated.requires_grad());
  CHECK(relative_difference(differentiated, expected) < 1e-5);
}

TEST_CASE("a damaged variance and pixels of another size are refused", "[resnet_tower]") {
  const ClipArchitecture sizes = mao_test::small_resnet();
  TensorMap weights = mao_test::random_resnet_weights(sizes, 5);
  CHECK_THROWS_AS(ResNetTower(weights, sizes, form_of(4)).encode(normal_tensor({1, 3, 32, 32}, 1.0, Rng(1))), Error);
  weights["visual.layer2.0.bn2.running_var"] = at::full({16}, -0.5);
  CHECK_THROWS_WITH(ResNetTower(weights, sizes, form_of(4)),
                    ContainsSubstring("visual.layer2.0.bn2.running_var has the value -0.5"));
}
