// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/detail/positions.hpp>

#include <string>

#include <mao/core/error.hpp>

#include <support/catch.hpp>

TEST_CASE("candidates are positions in the list, or are refused with who asked for them", "[positions]") {
  CHECK_NOTHROW(mao::expect_positions({{0, 2}}, 3, "prompts"));
  for (const std::int64_t id : {-1, 3, 99}) {
    CHECK_THROWS_AS(mao::expect_positions({{0, id}}, 3, "prompts"), mao::OptionError);
    CHECK_THROWS_WITH(mao::expect_positions({{0, id}}, 3, "prompts"),
                      ContainsSubstring("prompts: class " + std::to_string(id) + " is asked for; there are 3"));
  }
}
