// SPDX-License-Identifier: Apache-2.0
#include <mao/text/detail/html.hpp>

#include <support/catch.hpp>
#include <support/text.hpp>

using namespace mao;

TEST_CASE("character references by name") {
  CHECK(html_unescape(U"&lt;b&gt; &amp;amp; &eacute; &hellip; &apos;") == U"<b> &amp; é … '");
  CHECK(html_unescape(U"&eacute&copy2020 &notit;") == U"é©2020 ¬it;");
  CHECK(html_unescape(U"&hellip &apos &nosuchname; & &;") == U"&hellip &apos &nosuchname; & &;");
  CHECK(html_unescape(U"&amp &amp;", true) == U"&amp &");
}

TEST_CASE("character references by number") {
  CHECK(html_unescape(U"&#65;&#x42;&#X43 &#128;") == U"ABC €");
  CHECK(html_unescape(U"&#0;&#xD800;&#x110000;&#99999999999999999999;") == U"\uFFFD\uFFFD\uFFFD\uFFFD");
  CHECK(html_unescape(U"a&#1;b&#xFFFF;c") == U"abc");
  CHECK(html_unescape(U"&# &#x &#xg;") == U"&# &#x &#xg;");
}

TEST_CASE("unescaping never makes text longer and never throws") {
  std::mt19937 random(2);
  const std::u32string letters = U"&#xX;abcdeglmpqtu0123459 ";
  for (int i = 0; i < 2000; ++i) {
    std::u32string text;
    for (int k = 0; k < 14; ++k) text += letters[random() % letters.size()];
    CHECK(html_unescape(text).size() <= text.size());
  }
}
