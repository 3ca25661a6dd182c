// SPDX-License-Identifier: Apache-2.0
#include <mao/core/error.hpp>

#include <memory>

#include <support/catch.hpp>

TEST_CASE("a requirement that holds costs nothing and throws nothing") {
  CHECK_NOTHROW(mao::require<mao::DataError>(true, "never ", "seen"));
}

TEST_CASE("a requirement that fails throws its type with the joined parts") {
  CHECK_THROWS_AS(mao::require<mao::ShapeError>(false, "x"), mao::ShapeError);
  CHECK_THROWS_WITH(mao::require<mao::OptionError>(false, "shots = ", -1, ", expected at least ", 1.5),
                    "shots = -1, expected at least 1.5");
}

TEST_CASE("every error is caught as Error and as std::runtime_error") {
  CHECK_THROWS_AS(mao::require<mao::FileError>(false, ""), mao::Error);
  CHECK_THROWS_AS(mao::require<mao::FormatError>(false, ""), mao::Error);
  CHECK_THROWS_AS(mao::require<mao::DataError>(false, ""), mao::Error);
  CHECK_THROWS_AS(mao::require<mao::NumericError>(false, ""), std::runtime_error);
  CHECK_THROWS_AS(mao::require(false, ""), mao::Error);
}

TEST_CASE("text_of joins what streams") { CHECK(mao::text_of("a", 1, 'b', std::string("c")) == "a1bc"); }

TEST_CASE("a null pointer is refused by what it should have been; others are passed on") {
  const auto seven = std::make_shared<const int>(7);
  CHECK(mao::not_null(seven, "the number") == seven);
  CHECK_THROWS_AS(mao::not_null(static_cast<int*>(nullptr), "the number"), mao::OptionError);
  CHECK_THROWS_WITH(mao::not_null(std::shared_ptr<const int>(), "Coop: the model"),
                    "Coop: the model is null, expected an object that is there; make or load it first");
}
