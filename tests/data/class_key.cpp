// SPDX-License-Identifier: Apache-2.0
#include <mao/data/class_key.hpp>

#include <mao/core/error.hpp>

#include <support/catch.hpp>

using mao::prompt_key;

TEST_CASE("names that a prompt cannot tell apart have one key", "[class_key]") {
  CHECK(prompt_key("red_thing") == "red thing");
  CHECK(prompt_key("Red thing") == "red thing");
  CHECK(prompt_key("  red\t\n__THING_") == "red thing");
  CHECK(prompt_key("red\xC2\xA0thing") == "red thing");            // no-break space
  CHECK(prompt_key("ROS\xC3\x89") == prompt_key("rose\xCC\x81"));  // composed or not
  CHECK(prompt_key("\xC3\x84rger") == "\xC3\xA4rger");
}

TEST_CASE("names that differ for a tokenizer keep different keys", "[class_key]") {
  CHECK(prompt_key("red-thing") != prompt_key("red thing"));
  CHECK(prompt_key("redthing") != prompt_key("red thing"));
  CHECK(prompt_key("Stra\xC3\x9F"
                   "e") != prompt_key("strasse"));
  CHECK(prompt_key("rose") != prompt_key("ros\xC3\xA9"));
  CHECK(prompt_key("ros\xE9") == "ros\xE9");
}

TEST_CASE("a name of nothing but gaps has an empty key", "[class_key]") {
  for (const char* name : {"", " ", "_", " _\t\n"}) CHECK(prompt_key(name).empty());
}

TEST_CASE("names that a prompt cannot hold or tell apart are refused with their positions", "[class_key]") {
  using mao::check_class_names;
  CHECK_NOTHROW(check_class_names({{"cat", "dog"}}, "list"));
  CHECK_THROWS_WITH(check_class_names({{"cat", "dog", "cat"}}, "list"),
                    ContainsSubstring("list: classes 0 and 2 are both named 'cat'"));
  CHECK_THROWS_WITH(check_class_names({{"cat", "_"}}, "list"), ContainsSubstring("class 1 is named '_'"));
  mao::ClassList imagenet{{"missile", "tench", "missile"}, mao::SameNames::accept};
  CHECK_NOTHROW(check_class_names(imagenet, "list"));
  imagenet.names[1].clear();
  CHECK_THROWS_AS(check_class_names(imagenet, "list"), mao::DataError);
}
