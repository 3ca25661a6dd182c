// SPDX-License-Identifier: Apache-2.0
#include <mao/models/feature_cache.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>
#include <mao/io/files.hpp>

#include <atomic>
#include <fstream>
#include <thread>

#include <ATen/ops/arange.h>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;

namespace {

FeatureKey key_for(const std::string& model) {
  FeatureKey key;
  key.model = model;
  key.files = {{"a.jpg", 1, 2}, {"b.jpg", 3, 4}, {"c.jpg", 5, 6}};
  return key;
}

Tensor some_features(double start) { return at::arange(start, start + 12, at::kFloat).view({3, 4}).div(7); }

struct Folder {
  mao_test::TemporaryFolder temporary;
  std::vector<std::string> log;
  FeatureCache cache{temporary.path() / "deep" / "cache", [this](const std::string& line) { log.push_back(line); }};
};

}  // namespace

TEST_CASE("kept features come back bit for bit, and only for their key", "[feature_cache]") {
  Folder folder;
  CHECK_FALSE(folder.cache.find(key_for("m")).has_value());
  CHECK(folder.cache.size_bytes() == 0);
  int computed = 0;
  const auto compute = [&] {
    ++computed;
    return some_features(1);
  };
  for (int run = 0; run < 3; ++run) CHECK(folder.cache.of(key_for("m"), compute).equal(some_features(1)));
  CHECK(computed == 1);
  CHECK_FALSE(folder.cache.find(key_for("other")).has_value());
  CHECK(folder.cache.size_bytes() > 48);
  CHECK(folder.log.empty());
  CHECK_THROWS_AS(folder.cache.keep(key_for("m"), at::arange(8, at::kFloat).view({2, 4})), ShapeError);
}

TEST_CASE("a file cut short anywhere, or with one byte changed, counts as absent and is made anew", "[feature_cache]") {
  Folder folder;
  const FeatureKey key = key_for("m");
  folder.cache.keep(key, some_features(1));
  const auto path = folder.cache.path_of(key);
  const std::string whole = read_text_file(path);
  const auto rewrite = [&](const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; };
  for (const std::size_t length : {std::size_t{0}, std::size_t{5}, whole.size() / 2, whole.size() - 1}) {
    CAPTURE(length);
    folder.log.clear();
    rewrite(whole.substr(0, length));
    CHECK_FALSE(folder.cache.find(key).has_value());
    CHECK(folder.log.size() == 1);
  }
  for (std::size_t place = 0; place < whole.size(); place += 3) {
    std::string damaged = whole;
    damaged[place] = static_cast<char>(damaged[place] ^ 4);
    rewrite(damaged);
    const auto found = folder.cache.find(key);
    if (found) FAIL_CHECK("byte " << place << " of " << whole.size() << " went unnoticed");
  }
  CHECK(folder.cache.of(key, [] { return some_features(1); }).equal(some_features(1)));
  CHECK(folder.cache.find(key).has_value());
}

TEST_CASE("a file whose checksum was removed is not used", "[feature_cache]") {
  Folder folder;
  const FeatureKey key = key_for("m");
  folder.cache.keep(key, some_features(1));
  const auto path = folder.cache.path_of(key);
  std::string bytes = read_text_file(path);
  const auto start = bytes.find(",\"mao_checksum\":\"");
  REQUIRE(start != std::string::npos);
  const auto end = bytes.find('"', start + std::string_view(",\"mao_checksum\":\"").size()) + 1;
  bytes.erase(start, end - start);
  bytes.insert(bytes.find("}}") + 2, end - start, ' ');  // the header keeps its length
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  std::ofstream(path, std::ios::binary) << bytes;
  CHECK_FALSE(folder.cache.find(key).has_value());
  REQUIRE(folder.log.size() == 1);
  CHECK_THAT(folder.log[0], ContainsSubstring("checksum is missing"));
}

TEST_CASE("a file of another key under this name is not used", "[feature_cache]") {
  Folder folder;
  folder.cache.keep(key_for("m"), some_features(1));
  std::filesystem::rename(folder.cache.path_of(key_for("m")), folder.cache.path_of(key_for("n")));
  CHECK_FALSE(folder.cache.find(key_for("n")).has_value());
  REQUIRE(folder.log.size() == 1);
  CHECK_THAT(folder.log[0], ContainsSubstring("key"));
}

TEST_CASE("several writers and readers at once see whole files or none", "[feature_cache]") {
  Folder folder;
  std::atomic<int> wrong = 0, found = 0;
  {
    std::vector<std::jthread> threads;
    for (int worker = 0; worker < 4; ++worker) {
      threads.emplace_back([&, worker] {
        const FeatureCache own(folder.cache.folder());  // as another process would have it
        for (int round = 0; round < 25; ++round) {
          if (worker % 2 == 0) own.keep(key_for("m"), some_features(1));
          const auto seen = own.find(key_for("m"));
          if (seen) ++found;
          if (seen && !seen->equal(some_features(1))) ++wrong;
        }
      });
    }
  }
  CHECK(wrong == 0);
  CHECK(found > 0);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.cache.folder())) {
    ++files;
    CHECK(entry.path() == folder.cache.path_of(key_for("m")));
  }
  CHECK(files == 1);
}

TEST_CASE("a folder that cannot be made stops nothing", "[feature_cache]") {
  const mao_test::TemporaryFolder temporary;
  std::vector<std::string> log;
  const FeatureCache cache(temporary.write("file", "not a folder") / "cache",
                           [&](const std::string& line) { log.push_back(line); });
  CHECK(cache.of(key_for("m"), [] { return some_features(2); }).equal(some_features(2)));
  REQUIRE(log.size() == 1);
  CHECK_THAT(log[0], ContainsSubstring("not kept"));
}
