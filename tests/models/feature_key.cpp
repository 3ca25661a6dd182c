// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/feature_key.hpp>

#include <chrono>
#include <functional>
#include <utility>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using namespace mao;

namespace {

FeatureKey some_key() {
  FeatureKey key;
  key.model = "0123456789abcdef";
  key.files = {{"cat/1.jpg", 100, 5}, {"cat/2.jpg", 200, 6}};
  return key;
}

}  // namespace

TEST_CASE("every part of the key changes its name", "[feature_key]") {
  const std::vector<std::function<void(FeatureKey&)>> changes{
      [](FeatureKey& key) { key.model = "0123456789abcdee"; },
      [](FeatureKey& key) { key.computed = "bf16"; },
      [](FeatureKey& key) { key.preprocess.resolution = 336; },
      [](FeatureKey& key) { key.preprocess.resize = 256; },
      [](FeatureKey& key) { key.preprocess.mean[2] += 1e-7F; },
      [](FeatureKey& key) { key.preprocess.deviation[0] += 1e-7F; },
      [](FeatureKey& key) { key.preprocess.filter = Filter::bilinear; },
      [](FeatureKey& key) { key.preprocess.mode = ResizeMode::squash; },
      [](FeatureKey& key) { key.preprocess.mode = ResizeMode::longest; },
      [](FeatureKey& key) { key.preprocess.crop_rounds_down = true; },
      [](FeatureKey& key) { key.preprocess.fill = 1; },
      [](FeatureKey& key) { key.preprocess.transparency = Transparency::white; },
      [](FeatureKey& key) { key.views = "seed 1"; },
      [](FeatureKey& key) { key.views_per_image = 2; },
      [](FeatureKey& key) { key.files[1].path = "cat/3.jpg"; },
      [](FeatureKey& key) { key.files[1].size = 201; },
      [](FeatureKey& key) { key.files[1].changed_ns = 7; },
      [](FeatureKey& key) { key.files[1].status_ns = 7; },
      [](FeatureKey& key) { std::swap(key.files[0], key.files[1]); },
      [](FeatureKey& key) { key.files.pop_back(); },
  };
  CHECK(some_key().name() == some_key().name());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    FeatureKey key = some_key();
    changes[i](key);
    CHECK(key.name() != some_key().name());
    CHECK(key.parts() != some_key().parts());
  }
}

TEST_CASE("another image of the same size and time is another file", "[feature_key]") {
  const mao_test::TemporaryFolder folder;
  const auto file = folder.write("a.jpg", "one");
  const auto time = std::filesystem::last_write_time(file);
  const auto before = identities_of(folder.path(), {"a.jpg"});
  std::filesystem::rename(folder.write("other", "two"), file);
  std::filesystem::last_write_time(file, time);
  const auto now = identities_of(folder.path(), {"a.jpg"});
  CHECK(now[0].size == before[0].size);
  CHECK(now[0].changed_ns == before[0].changed_ns);
  CHECK_FALSE((now == before));
}

TEST_CASE("a file is known by path, size and time of change", "[feature_key]") {
  const mao_test::TemporaryFolder folder;
  folder.write("a.jpg", "one");
  const auto before = identities_of(folder.path(), {"a.jpg"});
  CHECK((before == identities_of(folder.path(), {"a.jpg"})));
  CHECK(before[0].path == "a.jpg");
  CHECK(before[0].size == 3);
  const auto file = folder.path() / "a.jpg";
  std::filesystem::last_write_time(file, std::filesystem::last_write_time(file) + std::chrono::nanoseconds(1000));
  CHECK_FALSE((before == identities_of(folder.path(), {"a.jpg"})));
  CHECK_THROWS_WITH(identities_of(folder.path(), {"b.jpg"}), ContainsSubstring("b.jpg"));
}
