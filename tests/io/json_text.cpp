// SPDX-License-Identifier: Apache-2.0
#include <mao/io/json_text.hpp>

#include <support/catch.hpp>

#include <nlohmann/json.hpp>

using nlohmann::json;

TEST_CASE("what is UTF-8 comes out as dump writes it") {
  const json value{{"name", "ros\xC3\xA9\n"}, {"numbers", {1, 2.5, nullptr}}};
  CHECK(mao::json_text(value) == value.dump());
  CHECK(mao::json_text(value, 2) == value.dump(2));
}

TEST_CASE("bytes that are no UTF-8 are escaped in texts and keys, however deep") {
  json value;
  value["folder\xE9"] = json::array({json{{"image", "a/ros\xE9.jpg"}}, 3, "b"});
  const json back = json::parse(mao::json_text(value));
  CHECK(back == json{{"folder\\xE9", json::array({json{{"image", "a/ros\\xE9.jpg"}}, 3, "b"})}});
  nlohmann::ordered_json ordered;
  ordered["z"] = "\xE9";
  ordered["a"] = 1;
  CHECK(mao::json_text(ordered) == R"({"z":"\\xE9","a":1})");
}

TEST_CASE("a text that is not JSON gives a discarded value, without an error") {
  CHECK(mao::detail::json_or_discarded("[1, 2]") == json({1, 2}));
  CHECK(mao::detail::json_or_discarded("[1, 2").is_discarded());
  CHECK(mao::detail::json_or_discarded("").is_discarded());
}

TEST_CASE("what is no JSON is told by source, line, column and what was expected, in our own words") {
  CHECK(mao::parse_json("{\"a\": 1}", "f.json", "an object").at("a") == 1);
  CHECK_THROWS_AS(mao::parse_json("{", "f.json", "an object"), mao::FormatError);
  CHECK_THROWS_WITH(mao::parse_json("{\"a\": [1,\n  2,}", "f.json", "an object"),
                    "f.json is not JSON: it cannot be read from line 2, column 5, at '}'; expected an object");
  CHECK_THROWS_WITH(
      mao::parse_json("", "f.json", "an object"),
      "f.json is not JSON: it cannot be read from line 1, column 1, where the text ends; expected an object");
  CHECK_THROWS_WITH(mao::parse_json("[1e999]", "f.json", "a list"),
                    "f.json is not JSON: a number in it is too large; expected a list");
}
