// SPDX-License-Identifier: Apache-2.0
#include <mao/core/error.hpp>
#include <mao/data/detail/csv_rows.hpp>

#include <support/catch.hpp>

TEST_CASE("fields are quoted as in RFC 4180", "[csv_rows]") {
  mao::detail::CsvReader reader("a,\"b,\"\"c\"\"\",\r\n\n\"two\nlines\",x\n", ',', "t.csv");
  mao::detail::CsvRow row;
  REQUIRE(reader.next(row));
  CHECK(row.fields == std::vector<std::string>{"a", "b,\"c\"", ""});
  REQUIRE(reader.next(row));
  CHECK(row.line == 3);
  CHECK(row.fields == std::vector<std::string>{"two\nlines", "x"});
  CHECK_FALSE(reader.next(row));
}

TEST_CASE("misplaced quotes are errors with a line", "[csv_rows]") {
  mao::detail::CsvRow row;
  mao::detail::CsvReader open("a\n\"b", ',', "t.csv");
  REQUIRE(open.next(row));
  CHECK_THROWS_WITH(open.next(row), ContainsSubstring("t.csv: line 2"));
  mao::detail::CsvReader after("\"a\"b,c", ',', "t.csv");
  CHECK_THROWS_AS(after.next(row), mao::FormatError);
}
