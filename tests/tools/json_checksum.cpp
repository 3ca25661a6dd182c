// SPDX-License-Identifier: Apache-2.0
#include "runs/json_checksum.hpp"

#include <string>

#include <support/catch.hpp>

#include <nlohmann/json.hpp>

using namespace mao;
using nlohmann::json;

namespace {

json checked_example() {
  return {{"h", 78.375},   {"name", "caf\u00e9 \"quoted\""}, {"none", nullptr}, {"big", 12345678901234567U},
          {"small", -0.0}, {"list", {1, {{"inner", 1e-7}}}}};
}

}  // namespace

TEST_CASE("a checksum is the last key, on a line of its own where the others are", "[json_checksum]") {
  const std::string sum = mao::detail::json_checksum({{"a", 1}});
  CHECK(with_checksum("{\"a\":1}") == "{\"a\":1,\"mao_checksum\":\"" + sum + "\"}");
  CHECK(with_checksum("{\n  \"a\": 1\n}\n") == "{\n  \"a\": 1,\n  \"mao_checksum\": \"" + sum + "\"\n}\n");
  CHECK(json::parse(with_checksum("{}")).size() == 1);
  CHECK(json::parse(with_checksum("{\n}")).size() == 1);
  CHECK(sum.starts_with("xxh64:"));
  CHECK_THROWS_WITH(with_checksum("[{\"a\":1}]"), ContainsSubstring("a checksum is for a JSON object"));
}

TEST_CASE("a value is what it was after its checksum is taken, in any format", "[json_checksum]") {
  const json example = checked_example();
  for (const int indent : {-1, 0, 2, 7}) {
    json value = json::parse(checked_json_text(example, indent));
    CHECK(json::parse(value.dump(3, ' ', true)) == value);
    const JsonCheck check = take_checksum(value);
    CHECK((check.right() && !check.written.empty()));
    CHECK(value == example);
  }
  json other = example;
  CHECK(take_checksum(other).right());  // of another program
  CHECK(take_checksum(other).written.empty());
  json list = {1, 2};
  CHECK(take_checksum(list).right());
  CHECK(json::parse(checked_json_text({{"image", "ros\xE9.jpg"}})).at("image") == "ros\\xE9.jpg");
}

TEST_CASE("no flipped bit changes a value unnoticed", "[json_checksum]") {
  const json example = checked_example();
  for (const int indent : {-1, 2}) {
    const std::string text = checked_json_text(example, indent);
    int noticed = 0;
    for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
      std::string flipped = text;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      json value = json::parse(flipped, nullptr, false);
      if (value.is_discarded() || !take_checksum(value).right()) {
        ++noticed;
        continue;
      }
      CAPTURE(flipped);
      for (const auto& [key, part] : example.items()) CHECK(value.value(key, json("gone")) == part);
    }
    CHECK(noticed > 7 * static_cast<int>(text.size()) / 2);
  }
}

TEST_CASE("what is wrong is said with both checksums and a way out", "[json_checksum]") {
  json value{{"a", 1}, {"mao_checksum", "xxh64:0000000000000000"}};
  const std::string right = mao::detail::json_checksum({{"a", 1}});
  CHECK_THROWS_WITH(expect_unchanged(value, "run/config.json", "put it back"),
                    Catch::Matchers::Equals("run/config.json is damaged, or was edited: its mao_checksum is "
                                            "xxh64:0000000000000000, expected " +
                                            right +
                                            " for its content; put it back, or remove its \"mao_checksum\" if the "
                                            "change is meant"));
  json number{{"a", 1}, {"mao_checksum", 3}};
  CHECK_FALSE(take_checksum(number).right());
}
