// SPDX-License-Identifier: Apache-2.0
#include <mao/core/batch.hpp>

#include <support/catch.hpp>

TEST_CASE("a batch is as large as its images") {
  CHECK(mao::Batch{}.size() == 0);
  CHECK(mao::Batch{{4, 5, 6}, {}, {}}.size() == 3);
}

TEST_CASE("a view is not augmented unless asked") { CHECK_FALSE(mao::View{.image = 3}.augment); }

TEST_CASE("evaluation views cover every image once, in order, the last batch short") {
  const auto batches = mao::evaluation_views(7, 3);
  REQUIRE(batches.size() == 3);
  std::int64_t expected = 0;
  for (const auto& batch : batches) {
    for (const mao::View& view : batch) {
      CHECK(view.image == expected++);
      CHECK_FALSE(view.augment);
    }
  }
  CHECK(expected == 7);
  CHECK(batches.back().size() == 1);
  CHECK(mao::evaluation_views(6, 3).size() == 2);
  CHECK(mao::evaluation_views(0, 3).empty());
}
