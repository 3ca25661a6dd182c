// SPDX-License-Identifier: Apache-2.0
#include <mao/data/data_fingerprint.hpp>

#include <filesystem>
#include <functional>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <utility>

using namespace mao;

namespace {

Dataset some_data(const mao_test::TemporaryFolder& root) {
  for (const char* name : {"1.jpg", "2.jpg", "3.jpg", "4.jpg"}) root.write(name, "picture");
  return {root.path(), {{"cat", "dog"}}, {{"1.jpg", 0}, {"2.jpg", 1}}, {}, {{"3.jpg", 0}, {"4.jpg", 1}}};
}

}  // namespace

TEST_CASE("each change of the data is named by its part", "[data_fingerprint]") {
  const mao_test::TemporaryFolder root;
  const Dataset data = some_data(root);
  const auto before = fingerprint_of(data);
  CHECK(changed_parts(before, fingerprint_of(data)).empty());
  const auto change = [&](const std::function<void(Dataset&)>& edit) {
    Dataset other = data;
    edit(other);
    return changed_parts(before, fingerprint_of(other));
  };
  CHECK(change([](Dataset& d) { d.classes.names[1] = "hound"; }) == "class names");
  CHECK(change([](Dataset& d) { d.train[0].label = 1; }) == "training labels");
  CHECK(change([](Dataset& d) { d.test[0].label = 1; }) == "test labels");
  CHECK(change([](Dataset& d) { d.train[0].path = "3.jpg"; }) == "training paths");
  CHECK(change([](Dataset& d) { std::swap(d.train[0], d.train[1]); }) == "training labels, training paths");
  CHECK_THAT(change([](Dataset& d) { d.test.pop_back(); }), ContainsSubstring("test paths"));
  root.write("3.jpg", "another picture");
  CHECK(change([](Dataset&) {}) == "test file sizes");
  std::filesystem::remove(root / "1.jpg");
  CHECK_THAT(change([](Dataset&) {}), ContainsSubstring("training file sizes"));
}

TEST_CASE("another folder and validation images change nothing", "[data_fingerprint]") {
  const mao_test::TemporaryFolder here, there;
  Dataset moved = some_data(there);
  moved.val.push_back({"5.jpg", 0});
  CHECK(fingerprint_of(some_data(here)) == fingerprint_of(moved));
}

TEST_CASE("a part that one side lacks has changed", "[data_fingerprint]") {
  CHECK(changed_parts({{"a", "1"}, {"b", "2"}}, {{"a", "1"}}) == "b");
  CHECK(changed_parts({}, {{"a", "1"}}) == "a");
}
