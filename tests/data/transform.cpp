// SPDX-License-Identifier: Apache-2.0
#include <mao/data/transform.hpp>

#include <cstring>
#include <string>
#include <support/catch.hpp>
#include <support/images.hpp>
#include <vector>

using mao_test::image_golden;

TEST_CASE("the evaluation view is torchvision's, float for float", "[transform]") {
  const mao::Preprocess preprocess{.resolution = 12};
  for (const char* name : {"wide", "tall"}) {
    const std::string picture = std::string(name) == "wide" ? "colour.ppm" : "view_tall.ppm";
    const auto bytes = mao_test::file_bytes(image_golden(std::string("view_") + name + ".f32"));
    std::vector<float> expected(bytes.size() / sizeof(float));
    std::memcpy(expected.data(), bytes.data(), bytes.size());
    std::vector<float> view(3 * 12 * 12);
    mao::evaluation_view(mao_test::read_ppm(image_golden(picture)), preprocess, view.data());
    CHECK(view == expected);
  }
}

TEST_CASE("sizes and offsets of the evaluation view follow torchvision's rounding", "[transform]") {
  const auto wide = mao::detail::evaluation_geometry(300, 200, 224);
  CHECK((wide.width == 336 && wide.height == 224 && wide.square == mao::Box{56, 0, 224, 224}));
  const auto odd = mao::detail::evaluation_geometry(227, 225, 224);  // 225.99 wide: truncated, and 0.5 rounds to 0
  CHECK((odd.width == 225 && odd.square.left == 0));
  const auto tall = mao::detail::evaluation_geometry(200, 203, 224);  // 227: 1.5 rounds to 2
  CHECK((tall.height == 227 && tall.square.top == 2));
}

TEST_CASE("with `resize` the short side is larger than the crop", "[transform]") {
  const auto image = mao_test::random_image(60, 45, 4);
  const auto whole = mao::resize_bicubic(image, 42, 32);  // 42.67 truncated
  CHECK(mao::evaluation_pixels(image, 28, 32) == mao::crop(whole, {7, 2, 28, 28}));
  CHECK(mao::evaluation_pixels(image, 28) == mao::evaluation_pixels(image, 28, 28));
  const mao::Preprocess preprocess{.resolution = 28, .resize = 32};
  std::vector<float> expected(3 * 28 * 28), actual(expected.size());
  mao::normalise(mao::crop(whole, {7, 2, 28, 28}), preprocess, expected.data());
  mao::evaluation_view(image, preprocess, actual.data());
  CHECK(actual == expected);
  CHECK_THROWS_AS(mao::check(mao::Preprocess{.resolution = 28, .resize = 20}), mao::OptionError);
}

TEST_CASE("symmetric preprocessing maps bytes to -1 .. 1", "[transform]") {
  mao::Image image(2, 1);
  image.pixels = {0, 0, 0, 255, 255, 255};
  std::vector<float> out(6);
  mao::normalise(image, mao::Preprocess::symmetric(224), out.data());
  CHECK(out == std::vector<float>{-1, 1, -1, 1, -1, 1});
}

TEST_CASE("one seed gives one augmented view; a flip is the mirrored view", "[transform]") {
  const auto image = mao_test::random_image(40, 30, 9);
  const mao::Augment always{.flip = 1.0};
  const mao::Augment never{.flip = 0.0};
  CHECK(mao::augmented_pixels(image, 16, {}, mao::Rng(3)) == mao::augmented_pixels(image, 16, {}, mao::Rng(3)));
  CHECK_FALSE(mao::augmented_pixels(image, 16, {}, mao::Rng(3)) == mao::augmented_pixels(image, 16, {}, mao::Rng(4)));
  CHECK(mao::augmented_pixels(image, 16, always, mao::Rng(3)) ==
        mao::flip(mao::augmented_pixels(image, 16, never, mao::Rng(3))));
}

TEST_CASE("preprocessing settings are checked", "[transform]") {
  CHECK_THROWS_AS(mao::check(mao::Preprocess{.resolution = 0}), mao::OptionError);
  CHECK_THROWS_AS(mao::check(mao::Preprocess{.deviation = {1, 0, 1}}), mao::OptionError);
}
