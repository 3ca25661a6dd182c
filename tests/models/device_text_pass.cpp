// SPDX-License-Identifier: Apache-2.0
// The tower gives a registered pass what it can take, with positions added, and does the rest itself.
#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/device_text_pass.hpp>

#include <mao/embedded/toy_model.hpp>
#include <mao/models/text_tower.hpp>
#include <mao/prompts/phrase.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#include <ATen/ops/layer_norm.h>
#include <ATen/ops/matmul.h>

using namespace mao;

namespace {

bool one_row_alone(const std::vector<Block>&, const TextBatch& batch, const BlockPrompts&) { return batch.rows() == 1; }

// Not the tower's answer, so that it is seen who answered.
Tensor first_suffix(const std::vector<Block>&, const TextBatch& batch, const BlockPrompts&, const Tensor& prefix,
                    const Tensor& suffix) {
  CHECK(prefix.sizes() == batch.prefix.sizes());
  return suffix.narrow(0, 0, batch.rows());
}

}  // namespace

TEST_CASE("a registered pass does what it can take", "[device_text_pass]") {
  const auto sizes = mao::testing::toy_sizes();
  const TensorMap weights = mao::testing::random_clip_weights(sizes, 1);
  const TextTower tower(weights, sizes.text_layers);
  const TextBatch one{normal_tensor({1, 3, sizes.text_width}, 1.0, Rng(1)),
                      normal_tensor({2, sizes.text_width}, 1.0, Rng(2)),
                      {0, 2},
                      {0}};
  const TextBatch two{one.prefix, one.suffix, {0, 1, 2}, {0, 0}};
  const Tensor own_one = tower.encode(one), own_two = tower.encode(two);
  const DeviceTextPass pass{&one_row_alone, &first_suffix};
  registered_text_pass() = &pass;
  const Tensor given = tower.encode(one), kept = tower.encode(two);
  registered_text_pass() = nullptr;
  CHECK(kept.equal(own_two));
  CHECK_FALSE(given.equal(own_one));
  const Tensor entered = one.suffix[0] + weights.at("positional_embedding")[3];
  const Tensor normed = at::layer_norm(entered.unsqueeze(0), {sizes.text_width}, weights.at("ln_final.weight"),
                                       weights.at("ln_final.bias"));
  CHECK(given.equal(at::matmul(normed, weights.at("text_projection"))));
}
