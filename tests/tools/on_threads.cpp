// SPDX-License-Identifier: Apache-2.0
#include "runs/on_threads.hpp"

#include <stdexcept>
#include <support/catch.hpp>
#include <vector>

TEST_CASE("each piece of work is done once, and what one throws comes out", "[on_threads]") {
  for (const int threads : {0, 1, 4}) {
    std::vector<int> done(1000, 0);
    mao::detail::on_threads(done.size(), threads, [&](std::size_t i) { ++done[i]; });
    CHECK(done == std::vector<int>(1000, 1));
    CHECK_THROWS_AS(mao::detail::on_threads(9, threads, [](std::size_t) { throw std::runtime_error("x"); }),
                    std::runtime_error);
  }
}
