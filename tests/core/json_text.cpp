// SPDX-License-Identifier: Apache-2.0
#include <mao/core/json_text.hpp>

#include <support/catch.hpp>

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
