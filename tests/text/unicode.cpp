// SPDX-License-Identifier: Apache-2.0
#include <mao/text/detail/unicode.hpp>

#include <support/catch.hpp>
#include <support/text.hpp>

using namespace mao;

TEST_CASE("every code point survives UTF-8, and decoding never throws") {
  std::u32string all;
  for (char32_t c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 97) {
    if (c < 0xD800 || c > 0xDFFF) all += c;
  }
  CHECK(decode_utf8(encode_utf8(all)) == all);
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    const std::string text = encode_utf8(decode_utf8(mao_test::random_bytes(random, 50)));
    CHECK(encode_utf8(decode_utf8(text)) == text);
  }
}

TEST_CASE("bytes that are not UTF-8 become one replacement character a beginning") {
  CHECK(decode_utf8("a\xFFz") == U"a\uFFFDz");
  CHECK(decode_utf8("\xE6\x97") == U"\uFFFD");
  CHECK(decode_utf8("\xE6\x97z\xC0\x80") == U"\uFFFDz\uFFFD\uFFFD");
  CHECK(decode_utf8("\xED\xA0\x80") == U"\uFFFD\uFFFD\uFFFD");
  CHECK(decode_utf8("\xF4\x90\x80\x80").size() == 4);
  std::string text;
  append_utf8(text, 0xD800);
  append_utf8(text, 0x110000);
  CHECK(text == "\uFFFD\uFFFD");
}

TEST_CASE("every code point is encoded as utf8proc encodes it, and decoded again") {
  std::size_t different = 0;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    utf8proc_uint8_t bytes[4];
    const auto count = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes);
    std::string text;
    append_utf8(text, c);
    const std::string_view expected(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
    if (text != expected || decode_utf8(text) != std::u32string(1, c)) ++different;
  }
  CHECK(different == 0);
}

TEST_CASE("character classes") {
  CHECK((is_letter(U'a') && is_letter(U'é') && is_letter(U'日') && !is_letter(U'1') && !is_letter(U'_')));
  CHECK((is_number(U'7') && is_number(U'½') && is_number(U'Ⅷ') && !is_number(U'x')));
  CHECK((is_space(U' ') && is_space(0x1C) && is_space(0xA0) && is_space(0x2028) && !is_space(0x200B)));
  CHECK((is_nonspacing_mark(0x301) && !is_nonspacing_mark(U'a')));
  CHECK((is_ascii("plain") && !is_ascii("é")));
}

TEST_CASE("normal forms") {
  CHECK(composed(U"e\u0301") == U"é");
  CHECK(decomposed(U"é") == U"e\u0301");
  CHECK(compatibility_composed(U"ﬁＡ") == U"fiA");
  CHECK(lower_case(U'É') == U'é');
}
