// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/packed_layout.hpp>
#include <mao/prompts/context.hpp>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("scattering padded cells back gives every packed token, at its place", "[packed_layout]") {
  const std::vector<std::int64_t> lengths{3, 1, 4, 2};
  TextBatch batch;
  batch.prefix = normal_tensor({1, 5, 4}, 1.0, Rng(1));
  batch.suffix = normal_tensor({10, 4}, 1.0, Rng(2));
  batch.offsets = {0, 3, 4, 8, 10};
  batch.group = {0, 0, 0, 0};
  const auto layout = mao::detail::PackedLayout::of(batch);
  CHECK(layout.longest == 4);
  CHECK(batch.suffix.index_select(0, layout.gather).index_select(0, layout.scatter).equal(batch.suffix));
  for (std::int64_t row = 0, token = 0; row < 4; ++row) {
    for (std::int64_t i = 0; i < lengths[static_cast<std::size_t>(row)]; ++i, ++token) {
      CHECK(layout.positions[token].item<std::int64_t>() == 5 + i);
    }
    CHECK(layout.last[row].item<std::int64_t>() == token - 1);
    const Tensor seen = layout.read_mask[row].flatten().eq(0).sum();
    CHECK(seen.item<std::int64_t>() == 5 + lengths[static_cast<std::size_t>(row)]);
  }
}

TEST_CASE("a causal mask hides what comes later", "[packed_layout]") {
  const Tensor mask = mao::detail::causal_mask(3, 5, 2, at::TensorOptions(at::kFloat));
  for (std::int64_t query = 0; query < 3; ++query) {
    for (std::int64_t key = 0; key < 5; ++key) CHECK((mask[query][key].item<float>() == 0) == (key <= 2 + query));
  }
}
