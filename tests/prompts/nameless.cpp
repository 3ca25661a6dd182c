// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/nameless.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/phrase.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

using namespace mao;

TEST_CASE("prompts without a name are start, context, full stop and end", "[nameless]") {
  const auto model = mao::testing::ToyModel::make();
  const Tensor contexts = normal_tensor({3, 4, 64}, 0.3, Rng(1));
  const TextBatch batch = nameless_prompts(*model, contexts);
  CHECK(batch.rows() == 3);
  std::vector<std::int64_t> tail = model->tokenize(".");
  tail.push_back(model->end_token());
  const auto last = static_cast<std::int64_t>(4 + tail.size());
  const Tensor features = model->encode_text(batch);
  for (std::int64_t k = 0; k < 3; ++k) {
    const Tensor start = model->embed(at::tensor(std::vector<std::int64_t>{model->start_token()}));
    const Tensor rows = at::cat({start, contexts[k], model->embed(at::tensor(tail))}).unsqueeze(0);
    const Tensor alone = model->text_tower().encode_dense(rows, at::tensor(std::vector<std::int64_t>{last}));
    CHECK(mao::testing::relative_difference(features[k], alone[0]) < 1e-5);
  }
  CHECK_THROWS_AS(nameless_prompts(*model, contexts[0]), ShapeError);
}
