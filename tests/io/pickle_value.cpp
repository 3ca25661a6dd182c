// SPDX-License-Identifier: Apache-2.0
#include <mao/io/detail/pickle_value.hpp>

#include <mao/io/detail/pickle.hpp>

#include <support/catch.hpp>

using mao::PickleKind;

TEST_CASE("values name their kind as Python does") {
  CHECK(mao::kind_name(PickleKind::none) == std::string("None"));
  CHECK(mao::kind_name(PickleKind::dict) == std::string("dict"));
  CHECK(mao::kind_name(PickleKind::persistent) == std::string("persistent id"));
}

TEST_CASE("a value keeps its document alive") {
  auto document = std::make_shared<mao::detail::PickleDocument>();
  document->nodes.push_back({.kind = PickleKind::text, .text = "kept"});
  const mao::PickleValue value(std::move(document), 0);
  CHECK(value.text() == "kept");
  CHECK(value.size() == 0);
  CHECK_FALSE(value.state().has_value());
  CHECK(value.class_name().empty());
}
