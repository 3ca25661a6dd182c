// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/config_section.hpp>

#include <support/catch.hpp>

#include <nlohmann/json.hpp>

using namespace mao;

namespace {

ConfigSection section(const char* json) { return {nlohmann::json::parse(json), "a.json: "}; }

}  // namespace

TEST_CASE("values come with their defaults; null is a missing key", "[config_section]") {
  auto config = section(R"({"n": 3, "x": 0.5, "f": true, "t": "avg", "none": null, "side": [4, 4], "in": {"k": 1}})");
  CHECK(config.integer("n", 1) == 3);
  CHECK(config.integer("none", 1) == 1);
  CHECK(config.number("x", 1) == 0.5);
  CHECK(config.number("n", 1) == 3);
  CHECK(config.flag("f"));
  CHECK_FALSE(config.flag("g"));
  CHECK(config.text("t", "tok") == "avg");
  CHECK(config.side("side", 0) == 4);
  CHECK(config.side("n", 0) == 3);
  CHECK(config.is_list("side"));
  CHECK(config.is_object("in"));
  CHECK(config.flag("g", true));
  CHECK(config.channels("x", {}) == std::array{0.5F, 0.5F, 0.5F});
  CHECK(config.channels("none", {1, 2, 3}) == std::array{1.0F, 2.0F, 3.0F});
  auto inner = config.section("in");
  CHECK(inner.where() == "a.json: in.");
  CHECK_THROWS_WITH(inner.finish(), ContainsSubstring("a.json: in.k is 1, a setting that mao does not know"));
  config.finish();
}

TEST_CASE("a value of another kind is refused with file and key", "[config_section]") {
  auto config = section(R"({"n": "3", "f": 1, "side": [4, 5], "in": [1]})");
  CHECK_THROWS_WITH(config.integer("n", 1), ContainsSubstring("a.json: n is \"3\", expected an integer"));
  CHECK_THROWS_AS(config.number("n", 1), FormatError);
  CHECK_THROWS_AS(config.flag("f"), FormatError);
  CHECK_THROWS_AS(config.text("f", ""), FormatError);
  CHECK_THROWS_WITH(config.side("side", 1), ContainsSubstring("only squares are supported"));
  CHECK_THROWS_WITH(config.section("in"), "a.json: in is [1], expected a JSON object");
  CHECK_THROWS_WITH(ConfigSection(nlohmann::json::array(), "a.json: "), "a.json is [], expected a JSON object");
  CHECK_THROWS_WITH(config.channels("side", {}), ContainsSubstring("side is [4,5], expected three numbers"));
}

TEST_CASE("what mao does not have must be off, and an unknown key is named", "[config_section]") {
  auto off = section(R"({"a": false, "b": null, "c": {}, "d": []})");
  off.unsupported({"a", "b", "c", "d", "e"});
  off.finish();
  auto on = section(R"({"qk_norm": true, "model": "vit", "more": 1})");
  CHECK_THROWS_WITH(on.unsupported({"qk_norm"}),
                    ContainsSubstring("a.json: qk_norm is true, which mao does not support"));
  CHECK_THROWS_WITH(on.unsupported({"model"}), ContainsSubstring("model is \"vit\""));
  CHECK_THROWS_WITH(on.finish(), ContainsSubstring("a.json: more is 1"));
  CHECK_THROWS_WITH(on.refuse("more", "2"), ContainsSubstring("more is 1, expected 2"));
  on.without_effect({"more"});
  on.finish();
}

TEST_CASE("where null is no default it is refused by key; a flag that is null is false", "[config_section]") {
  const auto object = nlohmann::json::parse(R"({"n": null, "f": null, "in": {"t": null}})");
  ConfigSection config(object, "a.json: ", ConfigNull::Refused);
  CHECK_THROWS_WITH(config.integer("n", 1), ContainsSubstring("a.json: n is null, expected an integer"));
  CHECK_THROWS_AS(config.number("n", 1), FormatError);
  CHECK_THROWS_AS(config.side("n", 1), FormatError);
  CHECK(config.integer("absent", 1) == 1);
  CHECK_FALSE(config.flag("f", true));
  CHECK_THROWS_WITH(config.section("in").text("t", "x"), ContainsSubstring("a.json: in.t is null, expected a text"));
}

TEST_CASE("numbers that JSON lacks and Python writes are named by their key", "[config_section]") {
  const auto file = parse_config(R"({"eps": NaN, "note": "NaN \" -Infinity", "x": [-Infinity, Infinity]})", "a.json");
  CHECK(file["note"] == "NaN \" -Infinity");
  ConfigSection config(file, "a.json: ");
  CHECK_THROWS_WITH(config.number("eps", 1), ContainsSubstring("a.json: eps is \"NaN\", expected a number"));
  CHECK_THROWS_WITH(config.channels("x", {}), ContainsSubstring("x is [\"-Infinity\",\"Infinity\"]"));
  CHECK_THROWS_WITH(parse_config("{", "a.json"), ContainsSubstring("a.json is not a JSON object"));
}
