// SPDX-License-Identifier: Apache-2.0
#include <mao/text/bert.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>

#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>

#include <cmath>

#include <support/catch.hpp>

using namespace mao;

namespace {

TensorMap random_layer(std::int64_t width, std::int64_t wide) {
  TensorMap tensors;
  const auto affine = [&](const std::string& name, at::IntArrayRef shape) {
    tensors[name + ".weight"] = at::randn(shape);
    tensors[name + ".bias"] = at::randn({shape.front()});
  };
  for (const char* part : {"query", "key", "value"}) affine(std::string("attention.self.") + part, {width, width});
  affine("attention.output.dense", {width, width});
  affine("attention.output.LayerNorm", {width});
  affine("intermediate.dense", {wide, width});
  affine("output.dense", {width, wide});
  affine("output.LayerNorm", {width});
  return tensors;
}

}  // namespace

TEST_CASE("fused attention is softmax(q k / sqrt(d)) v of each head over the tokens of the mask") {
  const std::int64_t width = 8, heads = 2, length = 3, head_width = width / heads;
  const TensorMap tensors = random_layer(width, 16);
  const auto layer = detail::read_bert_layer(detail::WeightReader(tensors, "test"), "", width);
  detail::TokenLayout layout;
  layout.rows = 1;
  layout.length = length;
  layout.mask = at::ones({1, length}, at::kBool);
  layout.mask[0][2] = false;
  const Tensor tokens = at::randn({length, width});
  const auto project = [&](const std::string& name) {
    const std::string full = "attention.self." + name;
    return (tokens.matmul(tensors.at(full + ".weight").t()) + tensors.at(full + ".bias"))
        .view({length, heads, head_width});
  };
  const Tensor query = project("query"), key = project("key").narrow(0, 0, 2), value = project("value").narrow(0, 0, 2);
  std::vector<Tensor> mixed;
  for (std::int64_t head = 0; head < heads; ++head) {
    const Tensor scores = query.select(1, head).matmul(key.select(1, head).t()) / std::sqrt(double(head_width));
    mixed.push_back(scores.softmax(-1).matmul(value.select(1, head)));
  }
  const Tensor joined = at::stack(mixed, 1).reshape({length, width});
  const Tensor expected = detail::apply_linear(joined, layer.attention_out);
  CHECK((detail::attention(tokens, layer, layout, heads) - expected).abs().max().item<double>() < 1e-4);
  const Tensor output = detail::bert_layer(tokens, layer, layout, heads);
  CHECK(output.sizes() == tokens.sizes());
}

TEST_CASE("weights that are missing or of another shape are named, and none of them trains") {
  TensorMap tensors = random_layer(8, 16);
  for (auto& [name, tensor] : tensors) tensor.requires_grad_(true);
  const detail::WeightReader reader(tensors, "model");
  CHECK_FALSE(detail::read_bert_layer(reader, "", 8).up.weight.requires_grad());
  CHECK_THROWS_WITH(reader.read("absent", {1}), ContainsSubstring("model") && ContainsSubstring("'absent'"));
  CHECK_THROWS_AS(reader.read("output.dense.bias", {9}), ShapeError);
}
