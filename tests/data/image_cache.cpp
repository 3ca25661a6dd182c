// SPDX-License-Identifier: Apache-2.0
#include <mao/data/image_cache.hpp>

#include <memory>
#include <support/catch.hpp>

TEST_CASE("the cache forgets what was used longest ago and keeps to its limit", "[image_cache]") {
  mao::ImageCache cache(3 * 300);
  const auto image = std::make_shared<const mao::Image>(10, 10);
  for (std::int64_t id = 0; id < 3; ++id) cache.keep(id, image);
  CHECK(cache.find(0) == image);
  cache.keep(3, image);
  CHECK(cache.find(0) == image);
  CHECK(cache.find(1) == nullptr);
  CHECK(cache.used_bytes() == 900);
  cache.keep(9, std::make_shared<const mao::Image>(100, 100));
  CHECK(cache.find(9) == nullptr);
  CHECK(cache.used_bytes() == 900);
}
