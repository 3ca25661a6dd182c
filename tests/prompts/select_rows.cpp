// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/ops.hpp>
#include <mao/prompts/detail/select_rows.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/templates.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;

TEST_CASE("rows of a text batch give the features of the whole, selected", "[select_rows]") {
  const auto model = mao::testing::ToyModel::make();
  const TextBatch all = text_batch(*model, {"a cat.", "a very big dog.", "the owl."});
  const Tensor features = model->encode_text(all);
  const TextBatch some = select_rows(all, {2, 0, 2});
  some.check();
  const Tensor selected = model->encode_text(some);
  for (const auto& [row, from] : std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 2}, {1, 0}, {2, 2}}) {
    CHECK(mao::testing::relative_difference(selected[row], features[from]) < 1e-5);
  }
  CHECK_THROWS_WITH(select_rows(all, {3}), ContainsSubstring("row 3 of 3"));
}
