// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/setting_text.hpp>

#include <cstdint>
#include <functional>

#include <support/catch.hpp>

using namespace mao::detail;

namespace {

enum class Kind { Plain, Padded };
struct Holder {
  enum class Place { Front, End };
};
struct Three {
  double first = 0.5;
  bool second = false;
  std::vector<int> third{};
  static constexpr const char* fields[] = {"first", "second", "third"};
};
struct Unnamed {
  std::string one;
  std::function<int(int)> two;
};

}  // namespace

TEST_CASE("values are told apart, whatever their type", "[setting_text]") {
  CHECK(setting_text(true) == "true");
  CHECK(setting_text(std::uint64_t{1} << 63U) == "9223372036854775808");
  CHECK(setting_text(5e-4) == "5e-04");
  CHECK(setting_text(0.1 + 0.2) != setting_text(0.3));
  CHECK(setting_text(1.7976931348623157e308).size() < 32);
  CHECK(setting_text(Kind::Padded) == "Padded");
  CHECK(setting_text(Holder::Place::End) == "End");
  CHECK(setting_text(static_cast<Kind>(100)) == "100");
  CHECK(setting_text(std::string("a {}")) == "'a {}'");
  CHECK(setting_text("a {}") == "'a {}'");
  CHECK(setting_text(std::function<int(int)>()) == "none");
}

TEST_CASE("a long list is short, and another one where any of it is another", "[setting_text]") {
  CHECK(setting_text(std::vector<int>{1, 2, 3}) == "[1, 2, 3]");
  CHECK(setting_text(std::vector<std::string>{"a, b"}) != setting_text(std::vector<std::string>{"a", "b"}));
  std::vector<std::string> many(60, "a photo of a {}.");
  const std::string before = setting_text(many);
  CHECK_THAT(before, ContainsSubstring("60 values, the first 'a photo of a {}.' ("));
  many.back() += " ";
  CHECK(setting_text(many) != before);
}

TEST_CASE("fields are counted and visited in order, with their names", "[setting_text]") {
  STATIC_REQUIRE(count_fields<Three>() == 3 && count_fields<Unnamed>() == 2);
  STATIC_REQUIRE(NamedFields<Three> && !NamedFields<Unnamed>);
  Three three;
  std::string seen;
  for_each_field(three,
                 [&](const char* name, auto& value) { seen += std::string(name) + " " + setting_text(value) + " "; });
  CHECK(seen == "first 0.5 second false third [] ");
}

TEST_CASE("a type is spelt as the source spells it", "[setting_text]") {
  CHECK(type_text(typeid(std::vector<int>)).starts_with("std::vector<int"));
}
