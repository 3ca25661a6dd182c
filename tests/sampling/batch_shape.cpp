// SPDX-License-Identifier: Apache-2.0
#include <mao/sampling/batch_shape.hpp>

#include <mao/core/error.hpp>
#include <support/catch.hpp>

using mao::automatic_batch;

TEST_CASE("the automatic batch never asks for more classes than there are", "[sampling]") {
  for (std::int64_t classes = 4; classes <= 600; ++classes) {
    const auto shape = automatic_batch(classes);
    CHECK(shape.batch * shape.k <= classes);
    CHECK(shape.warning.empty() == (classes >= 32));
  }
}

TEST_CASE("the paper's data sets get the paper's batches", "[sampling]") {
  const auto is = [](std::int64_t classes, int batch, int k) {
    const auto shape = automatic_batch(classes);
    return shape.batch == batch && shape.k == k;
  };
  CHECK(is(500, 4, 8));  // ImageNet
  CHECK(is(50, 4, 8));   // Caltech101
  CHECK(is(51, 4, 8));   // UCF101, Flowers102
  CHECK(is(32, 4, 8));
  CHECK(is(24, 2, 8));  // DTD
  CHECK(is(19, 2, 8));  // OxfordPets
  CHECK(is(16, 2, 8));
  CHECK(is(15, 2, 2));
  CHECK(is(5, 2, 2));  // EuroSAT
  CHECK(is(2, 2, 2));
}

TEST_CASE("a shape that asks for too many classes is warned about", "[sampling]") {
  CHECK(mao::batch_warning(4, 8, 32).empty());
  CHECK_THAT(mao::batch_warning(4, 8, 19), ContainsSubstring("up to 32 classes per batch, but there are only 19"));
  CHECK_THAT(automatic_batch(3).warning, ContainsSubstring("only 3"));
  CHECK_THROWS_AS(automatic_batch(1), mao::OptionError);
}
