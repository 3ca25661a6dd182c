// SPDX-License-Identifier: Apache-2.0
// A row's state does not depend on the rows beside it, nor on what shares its prefix.
#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/packed_text.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/phrase.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;

TEST_CASE("rows packed together are the rows packed alone", "[packed_text]") {
  const auto sizes = mao::testing::toy_sizes();
  const TensorMap weights = mao::testing::random_clip_weights(sizes, 1);
  std::vector<Block> blocks;
  for (std::int64_t i = 0; i < sizes.text_layers; ++i) {
    blocks.push_back(Block::from(weights, "transformer.resblocks.", i));
  }
  const Tensor& positions = weights.at("positional_embedding");
  const Tensor prefix = normal_tensor({2, 3, sizes.text_width}, 1.0, Rng(1)),
               suffix = normal_tensor({7, sizes.text_width}, 1.0, Rng(2));
  const BlockPrompts prompts{
      {}, {normal_tensor({2, sizes.text_width}, 1.0, Rng(3)), normal_tensor({1, sizes.text_width}, 1.0, Rng(4))}};
  const std::vector<std::int64_t> offsets{0, 2, 6, 7}, group{1, 0, 1};
  const Tensor together = detail::PackedText({prefix, suffix, offsets, group}, positions).encode(blocks, prompts);
  for (std::size_t r = 0; r < group.size(); ++r) {
    const std::int64_t begin = offsets[r], length = offsets[r + 1] - begin;
    const TextBatch one{prefix.narrow(0, group[r], 1), suffix.narrow(0, begin, length), {0, length}, {0}};
    const Tensor alone = detail::PackedText(one, positions).encode(blocks, prompts);
    CHECK(relative_difference(together[static_cast<std::int64_t>(r)], alone[0]) < 1e-5);
  }
}
