// SPDX-License-Identifier: Apache-2.0
#include "runs/data_fingerprint.hpp"

#include <filesystem>
#include <functional>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <utility>

using namespace mao;

namespace {

Dataset some_data(const mao_test::TemporaryFolder& root) {
  for (const char* name : {"1.jpg", "2.jpg", "3.jpg", "4.jpg"}) root.write(name, std::string("picture ") + name);
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
  CHECK(change([](Dataset& d) { d.train[0].path = "3.jpg"; }) == "training file contents, training paths");
  CHECK(change([](Dataset& d) { std::swap(d.train[0], d.train[1]); }) ==
        "training file contents, training labels, training paths");
  CHECK_THAT(change([](Dataset& d) { d.test.pop_back(); }), ContainsSubstring("test paths"));
  root.write("3.jpg", "another picture");
  CHECK(change([](Dataset&) {}) == "test file contents, test file sizes");
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

TEST_CASE("a fingerprint of some images is compared with those of all", "[data_fingerprint]") {
  const mao_test::TemporaryFolder root;
  const Dataset data = some_data(root);
  const auto before = fingerprint_of(data);
  for (const FingerprintOf images : {FingerprintOf::All, FingerprintOf::Training, FingerprintOf::Test}) {
    CHECK(changed_among(fingerprint_of(data, images), before).empty());
  }
  root.write("3.jpg", "picture 9.jpg");  // a test image
  CHECK(changed_among(fingerprint_of(data, FingerprintOf::Training), before).empty());
  CHECK(changed_among(fingerprint_of(data, FingerprintOf::Test), before) == "test file contents");
  CHECK(changed_among(fingerprint_of(data), before) == "test file contents");
  Dataset renamed = data;
  renamed.classes.names[0] = "lynx";
  CHECK(changed_among(fingerprint_of(renamed, FingerprintOf::Training), before) == "class names");
}

TEST_CASE("images of equal size that were swapped are noticed, at both ends of a file", "[data_fingerprint]") {
  const mao_test::TemporaryFolder root;
  const Dataset data = some_data(root);
  const std::string large(20'000, 'a');
  root.write("2.jpg", large);
  const auto before = fingerprint_of(data);
  for (const std::size_t at : {std::size_t{0}, std::size_t{4095}, large.size() - 4096, large.size() - 1}) {
    CAPTURE(at);
    std::string other = large;
    other[at] = 'b';
    root.write("2.jpg", other);
    CHECK(changed_parts(before, fingerprint_of(data)) == "training file contents");
  }
  root.write("2.jpg", large);
  CHECK(changed_parts(before, fingerprint_of(data)).empty());
  std::filesystem::rename(root / "3.jpg", root / "x");
  std::filesystem::rename(root / "4.jpg", root / "3.jpg");
  std::filesystem::rename(root / "x", root / "4.jpg");
  CHECK(changed_parts(before, fingerprint_of(data)) == "test file contents");
}

TEST_CASE("a fingerprint of an older run, which knows no contents, is compared by what it knows",
          "[data_fingerprint]") {
  const mao_test::TemporaryFolder root;
  Dataset data = some_data(root);
  DataFingerprint older = fingerprint_of(data);
  for (const char* part : {"fingerprint version", "training file contents", "test file contents"}) {
    REQUIRE(older.erase(part) == 1);
  }
  CHECK(changed_parts(older, fingerprint_of(data)).empty());
  data.train[0].label = 1;
  CHECK(changed_parts(older, fingerprint_of(data)) == "training labels");
}
