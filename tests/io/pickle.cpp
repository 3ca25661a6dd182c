// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/ops.hpp>
#include <mao/io/detail/pickle.hpp>
#include <mao/io/files.hpp>

#include "core/zip_builder.hpp"

#include <support/catch.hpp>
#include <support/folders.hpp>

using mao::PickleKind;
using mao_test::raw;

namespace {

mao::PickleValue parsed(const std::string& code) { return mao::parse_pickle({code.data(), code.size()}, "some.pkl"); }

mao::PickleValue unpickled(const std::string& name) {
  const auto content = mao::read_text_file(mao_test::torch_files() / name);
  return mao::parse_pickle({content.data(), content.size()}, name);
}

void check_refused(const std::string& code, const std::string& reason) {
  INFO(code.substr(0, 60));
  CHECK_THROWS_AS(parsed(code), mao::FormatError);
  CHECK_THROWS_WITH(parsed(code), ContainsSubstring(reason) && ContainsSubstring("some.pkl"));
}

}  // namespace

TEST_CASE("plain values of every protocol are what Python wrote") {
  for (int protocol = 2; protocol <= 5; ++protocol) {
    INFO("protocol " << protocol);
    const auto root = unpickled("values_" + std::to_string(protocol) + ".pkl");
    CHECK(root.at("none").is(PickleKind::none));
    CHECK(root.at("true").boolean());
    CHECK(root.at("small").integer() == 5);
    CHECK(root.at("medium").integer() == 300);
    CHECK(root.at("negative").integer() == -70000);
    CHECK(root.at("long").integer() == -(std::int64_t{1} << 40));
    CHECK(root.at("huge").is(PickleKind::bytes));
    CHECK(root.at("real").real() == -0.1);
    CHECK(root.at("text").text() == "ö");
    CHECK(root.at("long text").text() == std::string(300, 'x'));
    CHECK(root.at("bytes").is(protocol == 2 ? PickleKind::object : PickleKind::bytes));
    CHECK(root.at("set").is(protocol < 4 ? PickleKind::object : PickleKind::set));
    CHECK(root.at("frozen").is(protocol < 4 ? PickleKind::object : PickleKind::set));
    CHECK(root.at("tuple").size() == 3);
    CHECK(root.at("tuple")[1][1].integer() == 3);
    CHECK(root.at("list")[3].integer() == 4);
    CHECK(root.at("cycle")[0][0][0].size() == 1);
    CHECK_FALSE(root.find("absent").has_value());
  }
}

TEST_CASE("the few-shot file of CoOp gives its images without its classes") {
  const auto root = unpickled("few_shot.pkl");
  REQUIRE(root.at("train").size() == 2);
  REQUIRE(root.at("val").size() == 1);
  const auto item = root.at("train")[1];
  CHECK(item.class_name() == "dassl.data.datasets.base_dataset.Datum");
  CHECK(item.at("_impath").text() == "/data/dög.jpg");
  CHECK(item.at("_label").integer() == 1);
  CHECK(item.at("_classname").text() == "dög");
}

TEST_CASE("nothing is ever called") {
  const auto value = parsed(
      "\x80\x02"
      "cos\nsystem\nX" +
      raw(4U) + "true\x85R.");
  CHECK(value.class_name() == "os.system");
  CHECK(value.arguments()[0].text() == "true");
}

TEST_CASE("a later entry overrides an equal key") {
  const auto value = parsed("}(X" + raw(1U) + "kK\1X" + raw(1U) + "kK\2u.");
  CHECK(value.entry_count() == 2);
  CHECK(value.at("k").integer() == 2);
}

TEST_CASE("values of another kind are named, not converted") {
  CHECK_THROWS_WITH(parsed("K\1.").text(), ContainsSubstring("holds a int where a str is expected"));
  CHECK_THROWS_WITH(parsed("K\1.")[0], ContainsSubstring("element 0 is needed"));
  CHECK_THROWS_WITH(parsed("}.").at("key"), ContainsSubstring("no entry \"key\""));
  CHECK_THROWS_WITH(parsed("}.").arguments(), ContainsSubstring("no arguments"));
}

TEST_CASE("malformed pickles are refused") {
  check_refused("", "truncated");
  check_refused("K", "truncated");
  check_refused("X" + raw(0xffffffffU) + "abc", "truncated");
  check_refused("\x8d" + raw(~std::uint64_t{0}) + "abc", "truncated");
  check_refused("cos\nsystem", "does not end");
  check_refused(".", "empty stack");
  check_refused("(.", "empty stack");
  check_refused("K\1(00.", "empty stack");
  check_refused("t.", "not begun");
  check_refused("K\1\x86.", "takes 2 values");
  check_refused("h\5.", "recalls value 5");
  check_refused("q\1.", "empty stack");
  check_refused("}(K\1u.", "a key without a value");
  check_refused("K\1K\2a.", "appends to a int");
  check_refused("](K\1K\2u.", "sets an item of a list");
  check_refused("K\1)R.", "calls a int");
  check_refused("K\1}b.", "sets the state of a int");
  check_refused("K\1K\2\x93.", "something else than text");
  check_refused("\x80\x06N.", "protocol 6");
  check_refused("I1\n.", "operation 73");
  check_refused("\x97.", "operation 151");
}

TEST_CASE("pickle bombs are refused or cost no more than their size") {
  std::string doubling = "]";
  for (int level = 0; level < 10'000; ++level) doubling += "2\x86";
  CHECK(parsed(doubling + ".").size() == 2);
  CHECK(parsed(std::string(1'000'000, ']') + std::string(999'999, 'a') + ".").size() == 1);
  CHECK(parsed("(" + std::string(1'000'000, 'N') + "t.").size() == 1'000'000);
  check_refused(std::string(2'000'100, 'N') + ".", "values waiting");
  std::string names = "X" + raw(1'000'000U) + std::string(1'000'000, 'm') + "q\1";
  for (int i = 0; i < 20; ++i)
    names +=
        "h\1h\1\x93"
        "0";
  check_refused(names + ".", "bytes to name classes");
  const std::string endless = std::string(50, 'N') + ".";
  CHECK_THROWS_WITH(mao::parse_pickle({endless.data(), endless.size()}, "some.pkl", {.operations = 50}),
                    ContainsSubstring("more than 50 operations"));
}

TEST_CASE("every truncation of a valid pickle is refused") {
  const auto content = mao::read_text_file(mao_test::torch_files() / "values_5.pkl");
  for (std::size_t length = 0; length < content.size(); ++length) {
    INFO(length);
    CHECK_THROWS_AS(parsed(content.substr(0, length)), mao::FormatError);
  }
}
