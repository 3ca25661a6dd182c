// SPDX-License-Identifier: Apache-2.0
#include <mao/models/mobilenet_v2.hpp>

#include <mao/core/detail/ops.hpp>

#include <cmath>
#include <string>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <mao/prompts/context.hpp>
#include <support/catch.hpp>
#include <support/golden.hpp>
#include <support/temporary_folder.hpp>
#include <support/tensors.hpp>

namespace {

using mao::convolve_same;
using mao::MobileNetV2;
using mao::Tensor;
using mao::testing::largest_difference;
using mao_test::TemporaryFolder;

Tensor noise(const std::vector<std::int64_t>& shape, std::uint64_t seed) {
  return mao::normal_tensor(shape, 1.0, mao::Rng(seed)["mobilenet test"]);
}

// The definition, one output at a time: output y reads input rows y * stride - top ..., and zeros outside.
Tensor naive_same_convolution(const Tensor& input, const Tensor& weight, const Tensor& bias, std::int64_t stride,
                              std::int64_t groups) {
  const std::int64_t height = input.size(2), width = input.size(3), kernel = weight.size(2), depth = weight.size(1);
  const std::int64_t rows = (height + stride - 1) / stride, columns = (width + stride - 1) / stride;
  const std::int64_t top = std::max<std::int64_t>(0, (rows - 1) * stride + kernel - height) / 2;
  const std::int64_t left = std::max<std::int64_t>(0, (columns - 1) * stride + kernel - width) / 2;
  const Tensor output = at::zeros({input.size(0), weight.size(0), rows, columns});
  const auto in = input.accessor<float, 4>(), filter = weight.accessor<float, 4>();
  const auto offset = bias.accessor<float, 1>();
  auto out = output.accessor<float, 4>();
  for (std::int64_t b = 0; b < input.size(0); ++b)
    for (std::int64_t o = 0; o < weight.size(0); ++o)
      for (std::int64_t y = 0; y < rows; ++y)
        for (std::int64_t x = 0; x < columns; ++x) {
          double sum = offset[o];
          const std::int64_t first = o / (weight.size(0) / groups) * depth;
          for (std::int64_t c = 0; c < depth; ++c)
            for (std::int64_t i = 0; i < kernel; ++i)
              for (std::int64_t j = 0; j < kernel; ++j) {
                const std::int64_t row = y * stride - top + i, column = x * stride - left + j;
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                sum += static_cast<double>(in[b][first + c][row][column]) * static_cast<double>(filter[o][c][i][j]);
              }
          out[b][o][y][x] = static_cast<float>(sum);
        }
  return output;
}

// A network of one strided convolution, a depthwise one added to its input, and a mean.
const std::string small_graph = R"({"input": 0, "ops": [
  {"op": "QUANTIZE", "in": [0], "out": [1]},
  {"op": "CONV_2D", "in": [1, 90, 91], "out": [2], "stride": 2, "pad": "SAME",
   "act": "relu6", "name": "first", "groups": 1},
  {"op": "DEPTHWISE_CONV_2D", "in": [2, 92, 93], "out": [3], "stride": 1, "pad": "SAME",
   "act": null, "name": "second", "groups": 4},
  {"op": "ADD", "in": [2, 3], "out": [4], "act": 0},
  {"op": "MEAN", "in": [4, 94], "out": [5]},
  {"op": "RESHAPE", "in": [5, 95], "out": [6]},
  {"op": "SOFTMAX", "in": [6], "out": [7]}]})";

mao::TensorMap small_weights() {
  return {{"first.weight", noise({4, 3, 3, 3}, 1).to(at::kHalf)},
          {"first.bias", noise({4}, 2)},
          {"second.weight", noise({4, 1, 3, 3}, 3).to(at::kHalf)},
          {"second.bias", noise({4}, 4)}};
}

mao::Graph graph_of(const std::string& text) {
  const TemporaryFolder folder;
  return mao::read_graph(folder.write("net.graph.json", text));
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  return text.replace(text.find(what), what.size(), by);
}

}  // namespace

TEST_CASE("SAME padding gives ceil(extent / stride) outputs and puts the odd zero last") {
  using Padding = std::pair<std::int64_t, std::int64_t>;
  CHECK(mao::same_padding(224, 3, 2) == Padding(0, 1));
  CHECK(mao::same_padding(7, 3, 2) == Padding(1, 1));
  CHECK(mao::same_padding(14, 3, 1) == Padding(1, 1));
  CHECK(mao::same_padding(7, 1, 1) == Padding(0, 0));
  CHECK(mao::same_padding(8, 1, 2) == Padding(0, 0));
  CHECK(mao::same_padding(8, 5, 2) == Padding(1, 2));
}

TEST_CASE("A SAME convolution equals its definition") {
  for (const std::int64_t height : {5, 8}) {
    for (const std::int64_t stride : {1, 2, 3}) {
      for (const std::int64_t kernel : {1, 3, 4}) {
        for (const std::int64_t groups : {1, 2, 4}) {
          INFO("height " << height << ", stride " << stride << ", kernel " << kernel << ", groups " << groups);
          const Tensor input = noise({2, 4, height, 7}, 10), bias = noise({8}, 12);
          const Tensor weight = noise({8, 4 / groups, kernel, kernel}, 11);
          const Tensor expected = naive_same_convolution(input, weight, bias, stride, groups);
          CHECK(largest_difference(convolve_same(input, weight, bias, stride, groups), expected) < 1e-5);
          const Tensor last = input.contiguous(at::MemoryFormat::ChannelsLast);
          CHECK(largest_difference(convolve_same(last, weight, bias, stride, groups), expected) < 1e-5);
        }
      }
    }
  }
}

TEST_CASE("A network runs its operations in order") {
  const mao::TensorMap weights = small_weights();
  const MobileNetV2 network(graph_of(small_graph), weights);
  const Tensor pixels = noise({3, 3, 6, 6}, 5);
  const auto weight = [&](const char* name) { return weights.at(name).to(at::kFloat); };
  const Tensor first = naive_same_convolution(pixels, weight("first.weight"), weight("first.bias"), 2, 1).clamp(0, 6);
  const Tensor second = naive_same_convolution(first, weight("second.weight"), weight("second.bias"), 1, 4);
  CHECK(largest_difference(network.classify(pixels), first.add(second).mean({2, 3})) < 1e-5);
  CHECK_THROWS_AS((void)network.classify(noise({3, 1, 6, 6}, 5)), mao::ShapeError);
}

TEST_CASE("Errors of a graph say what is wrong") {
  CHECK_THROWS_WITH(graph_of(replaced(small_graph, "MEAN", "MAX_POOL_2D")),
                    ContainsSubstring("MAX_POOL_2D") && ContainsSubstring("known are CONV_2D"));
  CHECK_THROWS_WITH(graph_of(replaced(small_graph, "SAME", "VALID")),
                    ContainsSubstring("first") && ContainsSubstring("VALID"));
  CHECK_THROWS_WITH(graph_of(replaced(small_graph, "relu6", "swish")), ContainsSubstring("swish"));
  CHECK_THROWS_WITH(graph_of(replaced(small_graph, "\"stride\": 2", "\"stride\": 0")), ContainsSubstring("stride 0"));
  CHECK_THROWS_WITH(graph_of(replaced(small_graph, "\"name\": \"first\", ", "")), ContainsSubstring("name"));
  CHECK_THROWS_WITH(graph_of("{"), ContainsSubstring("not a graph file"));
  CHECK_THROWS_AS(graph_of("[]"), mao::FormatError);
  CHECK_THROWS_AS(graph_of(R"({"input": 0, "ops": []})"), mao::FormatError);
  CHECK_THROWS_AS(mao::read_graph("/no/such/graph.json"), mao::FileError);
}

TEST_CASE("Weights that do not fit their graph are refused") {
  const auto graph = graph_of(small_graph);
  mao::TensorMap weights = small_weights();
  weights.erase("second.bias");
  CHECK_THROWS_WITH(MobileNetV2(graph, weights), ContainsSubstring("second.bias"));
  weights["second.bias"] = at::ones({5});
  CHECK_THROWS_AS(MobileNetV2(graph, weights), mao::ShapeError);
  weights["second.bias"] = small_weights().at("second.bias").div(0);
  CHECK_THROWS_WITH(MobileNetV2(graph, weights), ContainsSubstring("values of second.bias are NaN or infinite"));
  const auto early = graph_of(replaced(small_graph, "\"in\": [2, 3]", "\"in\": [2, 8]"));
  CHECK_THROWS_WITH(MobileNetV2(early, small_weights()), ContainsSubstring("value 8"));
}

TEST_CASE("The real MobileNetV2 gives 1,001 logits and treats every image alike") {
  const auto shared = mao_test::shared_folder();
  MAO_SKIP_UNLESS(shared, "no MobileNetV2 weights on this machine");
  const at::NoGradGuard frozen;
  const MobileNetV2 network = MobileNetV2::load(*shared / "data/weights");
  const Tensor pixels = noise({2, 3, 224, 224}, 6).clamp(-1, 1);
  const Tensor logits = network.classify(pixels);
  CHECK(logits.sizes() == at::IntArrayRef({2, 1001}));
  CHECK(mao::testing::relative_difference(network.classify(pixels.narrow(0, 1, 1)), logits.narrow(0, 1, 1)) < 1e-4);
  CHECK(network.fingerprint() == MobileNetV2::load(*shared / "data/weights").fingerprint());
}
