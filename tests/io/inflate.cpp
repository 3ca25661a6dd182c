// SPDX-License-Identifier: Apache-2.0
#include <mao/core/error.hpp>
#include <mao/io/detail/inflate.hpp>

#include "core/zip_builder.hpp"

#include <support/catch.hpp>

TEST_CASE("a deflated text is read back, of the size that is stated and no other") {
  const std::string text = "class CLIP(Module):\n" + std::string(5000, 'x'), packed = mao_test::deflated(text);
  CHECK(packed.size() < 200);
  CHECK(mao::inflated(packed, text.size(), "x") == text);
  CHECK(mao::inflated(mao_test::deflated(""), 0, "x").empty());
  for (const std::size_t size : {std::size_t{0}, text.size() - 1, text.size() + 1}) {
    CHECK_THROWS_AS(mao::inflated(packed, size, "x"), mao::FormatError);
  }
}

TEST_CASE("a deflated text that is cut or damaged is refused by the name of its entry") {
  const std::string text = "def forward(self, image):", packed = mao_test::deflated(text);
  for (std::size_t length = 0; length < packed.size(); ++length) {
    CHECK_THROWS_WITH(mao::inflated(std::string_view(packed).substr(0, length), text.size(), "x.pt: the entry \"a\""),
                      ContainsSubstring("x.pt: the entry \"a\" is damaged"));
  }
  CHECK_THROWS_AS(mao::inflated(std::string("\xff\xff\xff\xff"), text.size(), "x"), mao::FormatError);
}
