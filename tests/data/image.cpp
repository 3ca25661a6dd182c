// SPDX-License-Identifier: Apache-2.0
#include <mao/data/image.hpp>

#include <mao/core/error.hpp>

#include <support/catch.hpp>
#include <support/images.hpp>

using mao_test::random_image;

TEST_CASE("flipping twice gives the image back", "[image]") {
  const auto image = random_image(7, 5, 1);
  const auto flipped = mao::flip(image);
  CHECK(flipped.pixels[0] == image.pixels[6 * 3]);
  CHECK(flipped.pixels[2] == image.pixels[6 * 3 + 2]);
  CHECK(mao::flip(flipped) == image);
}

TEST_CASE("a crop of a crop is a crop", "[image]") {
  const auto image = random_image(20, 15, 2);
  const auto outer = mao::crop(image, {3, 2, 12, 10});
  CHECK(mao::crop(outer, {1, 4, 5, 6}) == mao::crop(image, {4, 6, 5, 6}));
  CHECK(mao::crop(mao::crop_view(image, {3, 2, 12, 10}), {1, 4, 5, 6}) == mao::crop(image, {4, 6, 5, 6}));
  CHECK(mao::crop(image, {0, 0, 20, 15}) == image);
}

TEST_CASE("a crop outside the image is refused", "[image]") {
  const auto image = random_image(4, 4, 3);
  const mao::Box boxes[] = {{-1, 0, 2, 2}, {0, -1, 2, 2}, {3, 0, 2, 2},         {0, 3, 2, 2},
                            {0, 0, 0, 1},  {0, 0, 1, -1}, {2147483647, 0, 2, 2}};
  for (const auto& box : boxes) CHECK_THROWS_AS(mao::crop(image, box), mao::OptionError);
}
