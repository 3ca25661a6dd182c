// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/ops.hpp>
#include <mao/io/detail/pickle_writer.hpp>
#include <mao/io/detail/pickle.hpp>

#include <cstdint>
#include <limits>
#include <vector>

#include <support/catch.hpp>

namespace {

mao::PickleValue reading(mao::PickleWriter& writer) {
  const std::string code = writer.finish();
  return mao::parse_pickle(code, "some.pkl");
}

}  // namespace

TEST_CASE("written integers of every length come back") {
  using Limits = std::numeric_limits<std::int64_t>;
  const std::vector<std::int64_t> values{0,           1,           255,           256,          65535,
                                         65536,       -1,          -70000,        2147483647,   2147483648,
                                         -2147483648, -2147483649, Limits::max(), Limits::min()};
  mao::PickleWriter writer;
  writer.group();
  for (const std::int64_t value : values) writer.integer(value);
  writer.tuple();
  const auto tuple = reading(writer);
  REQUIRE(tuple.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(tuple[i].integer() == values[i]);
}

TEST_CASE("written values of every kind come back") {
  mao::PickleWriter writer;
  writer.empty_dict();
  writer.group();
  writer.text("none");
  writer.none();
  writer.text("true");
  writer.boolean(true);
  writer.text("false");
  writer.boolean(false);
  writer.text("real");
  writer.real(-0.1);
  writer.text("ö");
  writer.text("");
  writer.text("object");
  writer.global("collections", "OrderedDict");
  writer.empty_tuple();
  writer.call();
  writer.text("outside");
  writer.text("id");
  writer.persistent();
  writer.items();
  const auto root = reading(writer);
  CHECK(root.at("none").is(mao::PickleKind::none));
  CHECK(root.at("true").boolean());
  CHECK_FALSE(root.at("false").boolean());
  CHECK(root.at("real").real() == -0.1);
  CHECK(root.at("ö").text().empty());
  CHECK(root.at("object").class_name() == "collections.OrderedDict");
  CHECK(root.at("outside").arguments().text() == "id");
  CHECK(root.entry_count() == 7);
}
