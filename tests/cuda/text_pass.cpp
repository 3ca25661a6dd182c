// SPDX-License-Identifier: Apache-2.0
#include <mao/cuda/text_pass.hpp>

#include <ATen/ops/layer_norm.h>

#include <mao/testing/toy_model.hpp>

#include "compare.hpp"

#include <support/catch.hpp>

using namespace mao;
using mao_test::distance;

namespace {

TensorMap weights_of(const ClipArchitecture& sizes) { return testing::random_clip_weights(sizes, 1); }

/// What TextTower::encode does around the blocks.
Tensor encode(const TensorMap& weights, Precision precision, const TextBatch& batch, const BlockPrompts& prompts) {
  const std::int64_t layers = testing::toy_sizes().text_layers, length = batch.prefix.size(1);
  std::vector<Block> blocks;
  for (std::int64_t i = 0; i < layers; ++i) {
    blocks.push_back(Block::from(weights, "transformer.resblocks.", i, Activation::QuickGelu, precision));
  }
  const Tensor& positions = weights.at("positional_embedding");
  std::vector<std::int64_t> places;
  for (std::int64_t r = 0; r < batch.rows(); ++r) {
    for (std::int64_t i = 0; i < batch.suffix_length(r); ++i) places.push_back(length + i);
  }
  const Tensor rows = cuda::encode_rows(blocks, batch, prompts, batch.prefix + positions.narrow(0, 0, length),
                                        batch.suffix + positions.index_select(0, at::tensor(places)));
  const Tensor last = at::layer_norm(rows, {rows.size(1)}, weights.at("ln_final.weight"), weights.at("ln_final.bias"));
  return at::matmul(last, weights.at("text_projection"));
}

struct Inputs {
  TextBatch batch;
  BlockPrompts prompts;
  [[nodiscard]] std::vector<Tensor> leaves() const {
    std::vector<Tensor> all{batch.prefix, batch.suffix};
    for (const BlockPrompt& prompt : prompts) {
      for (const Tensor& part : {prompt.replacement, prompt.attended}) {
        if (part.defined()) all.push_back(part);
      }
    }
    return all;
  }
};

Inputs inputs_of(std::int64_t groups, std::int64_t length, bool deep) {
  const auto leaf = [](at::IntArrayRef shape, std::uint64_t seed) { return parameter(mao_test::random(shape, seed)); };
  Inputs inputs;
  inputs.batch = {leaf({groups, length, 64}, 1), leaf({9, 64}, 2), {0, 3, 4, 9}, {0, groups - 1, 0}};
  if (deep)
    inputs.prompts = {{{}, leaf({2, 64}, 3)}, {leaf({length - 1, 64}, 4), leaf({3, 64}, 5)}, {leaf({1, 64}, 6), {}}};
  return inputs;
}

}  // namespace

TEST_CASE("the pass with the kernels gives the tower's features and gradients") {
  const auto sizes = testing::toy_sizes();
  const TensorMap weights = weights_of(sizes);
  for (const auto precision : {Precision::Fp32, Precision::Bf16}) {
    const TextTower tower(weights, sizes.text_layers, Activation::QuickGelu);
    const double features = precision == Precision::Fp32 ? 1e-5 : 1.5e-2,
                 gradients = precision == Precision::Fp32 ? 1e-5 : 5e-2;
    for (const auto& [groups, length, deep] : {std::tuple{1, 5, false}, {2, 4, true}, {3, 1, false}, {1, 3, true}}) {
      CAPTURE(groups, length, deep, precision == Precision::Bf16);
      const Inputs expected = inputs_of(groups, length, deep), actual = inputs_of(groups, length, deep);
      const Tensor given = mao_test::random({3, sizes.embed}, 7);
      const Tensor wanted = tower.encode(expected.batch, expected.prompts);
      (wanted * given).sum().backward();
      const Tensor found = encode(weights, precision, actual.batch, actual.prompts);
      (found * given).sum().backward();
      CHECK(distance(found, wanted) < features);
      for (std::size_t i = 0; i < actual.leaves().size(); ++i) {
        CAPTURE(i);
        CHECK(distance(actual.leaves()[i].grad(), expected.leaves()[i].grad()) < gradients);
      }
    }
  }
}

TEST_CASE("the pass is for GPUs and QuickGELU") {
  const Inputs inputs = inputs_of(1, 3, false);
  const Block block = Block::from(weights_of(testing::toy_sizes()), "transformer.resblocks.", 0, Activation::QuickGelu);
  CHECK_FALSE(cuda::TextPass::can_take({block}, inputs.batch, {}));  // it lies on the CPU
}
