// SPDX-License-Identifier: Apache-2.0
#include "report/base64.hpp"

#include <vector>

#include <support/catch.hpp>

using mao::base64;

TEST_CASE("base64 of RFC 4648's examples", "[base64]") {
  CHECK(base64(std::string_view()).empty());
  CHECK(base64(std::string_view("f")) == "Zg==");
  CHECK(base64(std::string_view("fo")) == "Zm8=");
  CHECK(base64(std::string_view("foo")) == "Zm9v");
  CHECK(base64(std::string_view("foob")) == "Zm9vYg==");
  CHECK(base64(std::string_view("fooba")) == "Zm9vYmE=");
  CHECK(base64(std::string_view("foobar")) == "Zm9vYmFy");
}

TEST_CASE("bytes above 127 use the whole alphabet", "[base64]") {
  CHECK(base64(std::vector<std::uint8_t>{0xFB, 0xFF, 0xBF}) == "+/+/");
  CHECK(mao::data_uri("image/png", std::vector<std::uint8_t>{0x89, 'P', 'N', 'G'}) == "data:image/png;base64,iVBORw==");
}
