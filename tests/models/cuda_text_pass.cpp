// SPDX-License-Identifier: Apache-2.0
#include <mao/models/cuda_text_pass.hpp>

#include <tuple>

#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/text_tower.hpp>

#include "cuda/compare.hpp"
#include "cuda/pass_inputs.hpp"

#include <support/catch.hpp>

using namespace mao;
using mao_test::distance;
using Inputs = mao_test::PassInputs;

namespace {

TensorMap weights_of(const ClipArchitecture& sizes) { return testing::random_clip_weights(sizes, 1); }

/// While one lives the tower takes the pass on the CPU too, where its kernels run one item after the other.
class PassOnHost {
 public:
  PassOnHost() { registered_text_pass() = &pass_; }
  ~PassOnHost() { registered_text_pass() = before_; }
  PassOnHost(const PassOnHost&) = delete;
  PassOnHost& operator=(const PassOnHost&) = delete;

 private:
  static bool always(const std::vector<Block>&, const TextBatch&, const BlockPrompts&) { return true; }
  const DeviceTextPass* before_ = registered_text_pass();
  const DeviceTextPass pass_{&always, &cuda::encode_rows};
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
    const TextTower tower(weights, sizes.text_layers);
    const double features = precision == Precision::Fp32 ? 1e-5 : 1.5e-2,
                 gradients = precision == Precision::Fp32 ? 1e-5 : 5e-2;
    for (const auto& [groups, length, deep] : {std::tuple{1, 5, false}, {2, 4, true}, {3, 1, false}, {1, 3, true}}) {
      CAPTURE(groups, length, deep, precision == Precision::Bf16);
      const Inputs expected = inputs_of(groups, length, deep), actual = inputs_of(groups, length, deep);
      const Tensor given = mao_test::random({3, sizes.embed}, 7);
      const Tensor wanted = tower.encode(expected.batch, expected.prompts);
      (wanted * given).sum().backward();
      const TextTower other(weights, sizes.text_layers, ClipForm(), precision);
      const PassOnHost taken;
      const Tensor found = other.encode(actual.batch, actual.prompts);
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
  const Block block = Block::from(weights_of(testing::toy_sizes()), "transformer.resblocks.", 0);
  CHECK_FALSE(cuda::TextPass::can_take({block}, inputs.batch, {}));  // it lies on the CPU
}

TEST_CASE("towers take the pass from the call on, not from the include on") {
  CHECK(registered_text_pass() == nullptr);
  cuda::use_text_kernels();
  REQUIRE(registered_text_pass() != nullptr);
  CHECK(registered_text_pass()->can_take == &cuda::TextPass::can_take);
  registered_text_pass() = nullptr;
}
