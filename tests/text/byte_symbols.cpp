// SPDX-License-Identifier: Apache-2.0
#include <mao/text/detail/byte_symbols.hpp>

#include <set>

#include <support/catch.hpp>

TEST_CASE("256 bytes have 256 symbols, in GPT-2's order") {
  const auto& symbols = mao::detail::byte_symbols();
  CHECK(std::set<std::string>(symbols.symbol.begin(), symbols.symbol.end()).size() == 256);
  CHECK(std::set<int>(symbols.order.begin(), symbols.order.end()).size() == 256);
  CHECK(symbols.byte_of.size() == 256);
  CHECK(symbols.order[0] == '!');
  CHECK(symbols.order[188] == 0);
  CHECK(symbols.symbol['a'] == "a");
  CHECK(symbols.symbol[' '] == "Ġ");
  CHECK(symbols.byte_of.at(U'Ġ') == ' ');
}
