// SPDX-License-Identifier: Apache-2.0
#include <mao/text/detail/bert_words.hpp>
#include <mao/text/detail/unicode.hpp>

#include <support/catch.hpp>
#include <support/text.hpp>

using namespace mao;

namespace {

std::string joined(std::string_view text) {
  std::string all;
  for (const auto& word : detail::bert_words(text)) all += (all.empty() ? "" : "|") + encode_utf8(word);
  return all;
}

}  // namespace

TEST_CASE("words in lower case without accents, punctuation and Chinese characters apart") {
  CHECK(joined("Höst CAFÉ_2006, $5~") == "host|cafe|_|2006|,|$|5|~");
  CHECK(joined("日本 テ") == "日|本|テ");
  CHECK(joined("a\u2028b\u200Bc\x01"
               "d\u00A0e") == "a|bcd|e");
  CHECK(joined("“x”—y") == "“|x|”|—|y");
  CHECK(joined("İ") == "i");
  CHECK(joined(" \t\n").empty());
}

TEST_CASE("any bytes can be cut into words") {
  std::mt19937 random(11);
  for (int i = 0; i < 500; ++i) {
    for (const auto& word : detail::bert_words(mao_test::random_bytes(random, 60))) CHECK_FALSE(word.empty());
  }
}
