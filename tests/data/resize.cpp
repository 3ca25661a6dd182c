// SPDX-License-Identifier: Apache-2.0
#include <mao/core/error.hpp>
#include <mao/data/detail/resize.hpp>

#include <support/catch.hpp>
#include <support/images.hpp>
#include <algorithm>
#include <string>
#include <utility>

using mao_test::image_golden;
using mao_test::random_image;

TEST_CASE("resized pixels are Pillow's", "[resize]") {
  const auto image = mao_test::read_ppm(image_golden("colour.ppm"));
  const std::pair<int, int> sizes[] = {{16, 11}, {60, 31}, {37, 9}, {5, 26}};
  for (const auto& [width, height] : sizes) {
    const std::string name = "resize_bicubic_" + std::to_string(width) + "x" + std::to_string(height) + ".ppm";
    INFO(name);
    CHECK(mao::resize_bicubic(image, width, height) == mao_test::read_ppm(image_golden(name)));
  }
  CHECK(mao::resize_bilinear(image, 20, 14) == mao_test::read_ppm(image_golden("resize_bilinear_20x14.ppm")));
}

TEST_CASE("resizing a part is cropping the resized whole", "[resize]") {
  mao::Rng rng(11);
  for (int round = 0; round < 60; ++round) {
    const auto size = [&](int largest) { return static_cast<int>(rng.below(static_cast<std::uint64_t>(largest))) + 1; };
    const auto image = random_image(size(40), size(40), rng.bits());
    const int width = size(50);
    const int height = size(50);
    mao::Box keep{0, 0, size(width), size(height)};
    keep.left = size(width - keep.width + 1) - 1;
    keep.top = size(height - keep.height + 1) - 1;
    const auto filter = round % 2 == 0 ? mao::Filter::bicubic : mao::Filter::bilinear;
    CHECK(mao::resize(image, width, height, filter, keep) ==
          mao::crop(mao::resize(image, width, height, filter, {0, 0, width, height}), keep));
  }
}

TEST_CASE("a flat image stays flat, the same size stays the same", "[resize]") {
  mao::Image flat(13, 9);
  std::fill(flat.pixels.begin(), flat.pixels.end(), std::uint8_t{201});
  for (const auto byte : mao::resize_bicubic(flat, 31, 4).pixels) CHECK(byte == 201);
  const auto image = random_image(8, 6, 4);
  CHECK(mao::resize_bicubic(image, 8, 6) == image);
}

TEST_CASE("impossible sizes are refused", "[resize]") {
  const auto image = random_image(8, 6, 4);
  CHECK_THROWS_AS(mao::resize_bicubic(image, 0, 5), mao::OptionError);
  CHECK_THROWS_AS(mao::resize_bicubic(mao::Image{}, 5, 5), mao::OptionError);
  CHECK_THROWS_AS(mao::resize(image, 5, 5, mao::Filter::bicubic, {1, 0, 5, 5}), mao::OptionError);
}
