// SPDX-License-Identifier: Apache-2.0
#include "colours.hpp"

#include <support/catch.hpp>

using mao_program::Colours;

TEST_CASE("words are wrapped in escape sequences, or left as they are", "[colours]") {
  CHECK(Colours(true).bold("mao") == "\x1b[1mmao\x1b[0m");
  CHECK(Colours(true).red("mao:") == "\x1b[1;31mmao:\x1b[0m");
  CHECK(Colours(false).bold("mao") == "mao");
}

TEST_CASE("what is no terminal gets no colours", "[colours]") { CHECK(Colours::of(-1).bold("mao") == "mao"); }
