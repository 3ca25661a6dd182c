// SPDX-License-Identifier: Apache-2.0
#include <mao/core/batch.hpp>

#include <support/catch.hpp>

TEST_CASE("a batch is as large as its images") {
  CHECK(mao::Batch{}.size() == 0);
  CHECK(mao::Batch{{4, 5, 6}, {}, {}}.size() == 3);
}

TEST_CASE("a view is not augmented unless asked") { CHECK_FALSE(mao::View{.image = 3}.augment); }
