// SPDX-License-Identifier: Apache-2.0
#include <mao/data/detail/resize_weights.hpp>

#include <cstdlib>
#include <numeric>
#include <support/catch.hpp>

using mao::Filter;
using mao::detail::ResizeWeights;

TEST_CASE("the weights of every pixel add up to one and lie inside the source", "[resize_weights]") {
  for (const Filter filter : {Filter::bilinear, Filter::bicubic}) {
    for (const int source : {1, 2, 5, 31, 224, 500}) {
      for (const int target : {1, 3, 7, 64, 224}) {
        CAPTURE(source, target);
        const ResizeWeights weights(filter, source, target, 0, target);
        for (int i = 0; i < target; ++i) {
          const auto of = weights.of(i);
          REQUIRE_FALSE(of.empty());
          const auto sum = std::accumulate(of.begin(), of.end(), std::int32_t{0});
          REQUIRE(std::abs(sum - (1 << mao::detail::weight_bits)) <= static_cast<int>(of.size()));
          REQUIRE((i == 0 || weights.first(i) >= weights.first(i - 1)));
          REQUIRE(weights.first(i) + static_cast<int>(of.size()) <= source);
        }
        CHECK(weights.first(0) == 0);
        CHECK(weights.end() == source);
      }
    }
  }
}

TEST_CASE("the weights of a part are those of the whole", "[resize_weights]") {
  const ResizeWeights whole(Filter::bicubic, 50, 33, 0, 33), part(Filter::bicubic, 50, 33, 9, 4);
  for (int i = 0; i < part.size(); ++i) {
    CHECK(part.first(i) == whole.first(9 + i));
    CHECK(std::vector<std::int32_t>(part.of(i).begin(), part.of(i).end()) ==
          std::vector<std::int32_t>(whole.of(9 + i).begin(), whole.of(9 + i).end()));
  }
}
