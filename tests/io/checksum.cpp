// SPDX-License-Identifier: Apache-2.0
#include <mao/io/checksum.hpp>

#include <algorithm>
#include <string>

#include <support/catch.hpp>

using mao::detail::Checksum;

TEST_CASE("a checksum is XXH64", "[checksum]") {
  const auto of = [](const std::string& text) {
    Checksum sum;
    sum.add(text.data(), text.size());
    return sum.text();
  };
  // python: xxhash.xxh64(text).hexdigest()
  CHECK(of("") == "xxh64:ef46db3751d8e999");
  CHECK(of("a") == "xxh64:d24ec4f1a98c6e5b");
  CHECK(of("abc") == "xxh64:44bc2cf5ad770999");
  CHECK(of("Nobody inspects the spammish repetition") == "xxh64:fbcea83c8a378bf1");
}

TEST_CASE("a checksum does not depend on the parts that bytes come in", "[checksum]") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 37 % 251);
  Checksum whole;
  whole.add(text.data(), text.size());
  for (std::size_t part = 1; part < 100; ++part) {
    Checksum sum;
    for (std::size_t at = 0; at < text.size(); at += part) sum.add(text.data() + at, std::min(part, text.size() - at));
    REQUIRE(sum.value() == whole.value());
  }
  text[500] ^= 4;
  Checksum flipped;
  flipped.add(text.data(), text.size());
  CHECK(flipped.value() != whole.value());
}
