// SPDX-License-Identifier: Apache-2.0
#include <mao/io/detail/shard_index.hpp>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

TEST_CASE("an index names tensors, parts and bytes") {
  const mao_test::TemporaryFolder folder;
  folder.write("p1", "x");
  folder.write("p2", "x");
  const auto read = [&](const std::string& text) {
    return mao::detail::read_shard_index(folder.write("i.index.json", text));
  };
  const auto index = read(R"({"metadata": {"total_size": 12}, "weight_map": {"a": "p1", "b": "p2", "c": "p1"}})");
  CHECK(index.part_of.at("c") == "p1");
  CHECK(index.parts.size() == 2);
  CHECK(index.total_size == 12U);
  CHECK_FALSE(read(R"({"weight_map": {"a": "p1"}})").total_size.has_value());
  const auto refused = [&](const std::string& text, const std::string& reason) {
    CHECK_THROWS_WITH(read(text), ContainsSubstring(reason));
  };
  refused("not json", "not an index of weights");
  refused(R"({"weight_map": {}})", "not an index of weights");
  refused(R"({"weight_map": {"a": 1}})", "expected the name of a file");
  refused(R"({"weight_map": {"a": "../p1"}})", "not the name of a file beside the index");
  refused(R"({"weight_map": {"a": "p3", "b": "p4"}})", "p3, p4; download them");
  CHECK(read(R"({"metadata": {"total_size": 12.0}, "weight_map": {"a": "p1"}})").total_size == 12U);
  for (const char* size : {"-12", "12.5", "1e30", "true"}) {
    refused(std::string(R"({"metadata": {"total_size": )") + size + R"(}, "weight_map": {"a": "p1"}})",
            "\"total_size\" is ");
  }
  refused(R"({"weight_map": {"a": "p1", "a": "p2"}})", "lists \"a\" twice");
}
