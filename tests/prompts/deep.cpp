// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/deep.hpp>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("depth counts the layers with fresh vectors, the input included", "[deep]") {
  for (const std::int64_t depth : {1, 2, 5}) {
    const DeepPrompts deep(depth, 3, 8, "tower.", ".prompt", Rng(1));
    REQUIRE(static_cast<std::int64_t>(deep.parameters().size()) == depth - 1);
    const BlockPrompts prompts = deep.block_prompts();
    CHECK(static_cast<std::int64_t>(prompts.size()) == (depth == 1 ? 0 : depth));
    for (std::int64_t block = 1; block < depth; ++block) {
      const Parameter& parameter = deep.parameters()[static_cast<std::size_t>(block - 1)];
      CHECK(parameter.name == "tower." + std::to_string(block) + ".prompt");
      CHECK(parameter.value.sizes() == at::IntArrayRef({3, 8}));
      CHECK(parameter.value.requires_grad());
      CHECK(prompts[static_cast<std::size_t>(block)].replacement.is_same(parameter.value));
      CHECK(parameter.value.std().item<double>() == Approx(0.02).epsilon(0.6));
    }
  }
  CHECK_THROWS_WITH(DeepPrompts(0, 3, 8, "", "", Rng(1)), ContainsSubstring("depth 0 with 3 vectors"));
}

TEST_CASE("a seed gives the same vision prompt, another seed another, no two layers the same", "[deep]") {
  const VisionPrompt one(3, 2, 16, Rng(5)), same(3, 2, 16, Rng(5)), other(3, 2, 16, Rng(6));
  REQUIRE(one.parameters().size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(one.parameters()[i].value.equal(same.parameters()[i].value));
    CHECK_FALSE(one.parameters()[i].value.equal(other.parameters()[i].value));
    CHECK_FALSE(one.parameters()[i].value.equal(one.parameters()[(i + 1) % 3].value));
  }
  CHECK(VisionPrompt().parameters().empty());
  CHECK_FALSE(VisionPrompt().prompts().tokens.defined());
}
