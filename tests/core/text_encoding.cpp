// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/text_encoding.hpp>

#include <string>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("UTF-8 is told from everything else") {
  for (const char* good :
       {"", "cat", "ros\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x90\x88", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    CHECK(is_utf8(good));
  }
  for (const char* bad : {"\x80", "ros\xE9", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                          "\xF4\x90\x80\x80", "\xE2\x82", "\xFE\xFF"}) {
    INFO(escaped(bad));
    CHECK_FALSE(is_utf8(bad));
  }
  CHECK(first_bad_byte("ros\xE9") == 3);
}

TEST_CASE("names can be printed, whatever bytes they are") {
  CHECK(escaped("ros\xC3\xA9 ros\xE9\n") == "ros\xC3\xA9 ros\\xE9\n");
  CHECK(printable("a\tb\nc\x1B[1m\x7F") == "a\\tb\\nc\\x1B[1m\\x7F");
  CHECK(is_utf8(escaped("\xFF\xFE\x80")));
}

TEST_CASE("a byte-order mark is taken off, and those of UTF-16 and UTF-32 are refused by name") {
  CHECK(without_byte_order_mark("\xEF\xBB\xBF"
                                "cat",
                                "f") == "cat");
  CHECK(without_byte_order_mark("cat", "f") == "cat");
  CHECK(without_byte_order_mark("", "f").empty());
  CHECK_THROWS_WITH(without_byte_order_mark(std::string("\xFF\xFE"
                                                        "c\0",
                                                        4),
                                            "f.csv"),
                    ContainsSubstring("f.csv: the text is UTF-16; save it as UTF-8"));
  CHECK_THROWS_WITH(without_byte_order_mark(std::string("\xFE\xFF\0c", 4), "f.csv"), ContainsSubstring("UTF-16"));
  CHECK_THROWS_WITH(without_byte_order_mark(std::string("\xFF\xFE\0\0", 4), "f.csv"), ContainsSubstring("UTF-32"));
}

TEST_CASE("a byte that is no UTF-8 is named with file and line") {
  CHECK_NOTHROW(require_utf8("a\nros\xC3\xA9\n", "t.csv"));
  CHECK_THROWS_WITH(
      require_utf8("a\r\nb,ros\xE9,1\r\nc\r\n", "t.csv"),
      ContainsSubstring("t.csv: line 2: 'b,ros\\xE9,1' holds the byte xE9") && ContainsSubstring("UTF-8"));
  CHECK_THROWS_WITH(require_utf8(std::string_view("a\nb\0c", 5), "t.csv"),
                    ContainsSubstring("t.csv: line 2: 'b\\x00c'"));
}
