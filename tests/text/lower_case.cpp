// SPDX-License-Identifier: Apache-2.0
#include <mao/text/detail/lower_case.hpp>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("lower case follows the two rules that need more than one character") {
  CHECK(lower_case(std::u32string_view(U"ÀÉ Straße")) == U"àé straße");
  CHECK(lower_case(std::u32string_view(U"ΟΔΟΣ")) == U"οδος");
  CHECK(lower_case(std::u32string_view(U"ΟΔΟΣ' ΣΑΣ Σ")) == U"οδος' σας σ");
  CHECK(lower_case(std::u32string_view(U"İ")) == U"i\u0307");
}

TEST_CASE("lower case of lower case changes nothing") {
  for (char32_t c = 0; c < 0x3000; ++c) {
    const std::u32string once = lower_case(std::u32string_view(&c, 1));
    CHECK(lower_case(std::u32string_view(once)) == once);
  }
}
