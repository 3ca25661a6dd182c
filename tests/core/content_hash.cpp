// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/content_hash.hpp>

#include <support/catch.hpp>

using mao::detail::ContentHash;

namespace {

std::string hash_of(const std::string& bytes) {
  ContentHash hash;
  hash.add(bytes.data(), bytes.size());
  return hash.text();
}

}  // namespace

TEST_CASE("the hash is FNV-1a with its published values", "[content_hash]") {
  CHECK(hash_of("") == "cbf29ce484222325");
  CHECK(hash_of("a") == "af63dc4c8601ec8c");
  CHECK(hash_of("foobar") == "85944171f73967e8");
}

TEST_CASE("where a text ends is part of its hash", "[content_hash]") {
  ContentHash one, other;
  one.add("ab");
  one.add("c");
  other.add("a");
  other.add("bc");
  CHECK(one.text() != other.text());
}
