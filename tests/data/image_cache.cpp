// SPDX-License-Identifier: Apache-2.0
#include <mao/data/image_cache.hpp>

#include <memory>
#include <support/catch.hpp>

TEST_CASE("the cache keeps what comes first, whatever is asked for, and keeps to its limit", "[image_cache]") {
  mao::ImageCache cache(3 * 300 + 100);
  const auto image = std::make_shared<const mao::Image>(10, 10);
  for (int epoch = 0; epoch < 3; ++epoch) {
    int found = 0;
    for (std::int64_t id = 0; id < 10; ++id) {
      if (cache.find(id) != nullptr) {
        ++found;
      } else {
        cache.keep(id, image);
      }
    }
    CHECK(found == (epoch == 0 ? 0 : 3));
    CHECK(cache.used_bytes() == 900);
  }
  cache.keep(0, std::make_shared<const mao::Image>(1, 1));
  CHECK(cache.find(0) == image);
  cache.keep(11, std::make_shared<const mao::Image>(100, 100));
  CHECK(cache.find(11) == nullptr);
  cache.keep(12, std::make_shared<const mao::Image>(5, 5));
  CHECK(cache.used_bytes() == 975);
}
