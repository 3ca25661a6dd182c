// SPDX-License-Identifier: Apache-2.0
#include <mao/models/block_prompts.hpp>
#include <mao/prompts/context.hpp>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("image prompts know whether a gradient flows into any part of them", "[block_prompts]") {
  const Tensor still = normal_tensor({2, 4}, 1.0, Rng(1)), learned = parameter(still);
  CHECK_FALSE(ImagePrompts{}.requires_grad());
  CHECK_FALSE(ImagePrompts{still, {{}, {still, still}}}.requires_grad());
  CHECK(ImagePrompts{learned, {}}.requires_grad());
  CHECK(ImagePrompts{still, {{}, {learned, {}}}}.requires_grad());
  CHECK(ImagePrompts{still, {{{}, learned}}}.requires_grad());
}

TEST_CASE("blocks behind the last prompt have none", "[block_prompts]") {
  const BlockPrompts prompts{{}, {normal_tensor({2, 4}, 1.0, Rng(1)), {}}};
  CHECK(mao::detail::prompt_of(prompts, 1).replacement.defined());
  CHECK_FALSE(mao::detail::prompt_of(prompts, 2).replacement.defined());
  CHECK_THROWS_AS(mao::detail::check_depth(prompts, 1, "tower"), OptionError);
}
