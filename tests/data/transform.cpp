// SPDX-License-Identifier: Apache-2.0
#include <mao/data/detail/resize.hpp>
#include <mao/data/detail/transform.hpp>

#include <cmath>
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
  const auto wide = mao::detail::evaluation_geometry(300, 200, {});
  CHECK((wide.width == 336 && wide.height == 224 && wide.kept == mao::Box{56, 0, 224, 224}));
  const auto odd = mao::detail::evaluation_geometry(227, 225, {});  // 225.99 wide: truncated, and 0.5 rounds to 0
  CHECK((odd.width == 225 && odd.kept.left == 0));
  const auto tall = mao::detail::evaluation_geometry(200, 203, {});  // 227: 1.5 rounds to 2
  CHECK((tall.height == 227 && tall.kept.top == 2));
  const auto down = mao::detail::evaluation_geometry(200, 203, {.crop_rounds_down = true});  // transformers: to 1
  CHECK((down.height == 227 && down.kept.top == 1));
}

TEST_CASE("longest keeps the shape within the square, squash does not", "[transform]") {
  const auto longest = mao::detail::evaluation_geometry(300, 201, {.mode = mao::ResizeMode::longest});
  CHECK((longest.width == 224 && longest.height == 150 && longest.kept == mao::Box{0, 0, 224, 150}));
  const auto squash = mao::detail::evaluation_geometry(300, 200, {.resize = 256, .mode = mao::ResizeMode::squash});
  CHECK((squash.width == 256 && squash.height == 256 && squash.kept == mao::Box{16, 16, 224, 224}));
  const auto image = mao_test::random_image(9, 6, 4);
  const auto pixels = mao::evaluation_pixels(image, {.resolution = 9, .mode = mao::ResizeMode::longest, .fill = 7});
  CHECK(mao::crop(pixels, {0, 1, 9, 6}) == image);
  CHECK(pixels.pixels[0] == 7);
  CHECK(pixels.pixels.back() == 7);
  CHECK_THROWS_AS(
      mao::evaluation_pixels(mao_test::random_image(100, 1, 4), {.resolution = 8, .mode = mao::ResizeMode::longest}),
      mao::OptionError);
  CHECK(mao::evaluation_pixels(image, {.resolution = 4, .filter = mao::Filter::bilinear}) ==
        mao::crop(mao::resize_bilinear(image, 6, 4), {1, 0, 4, 4}));
}

TEST_CASE("with `resize` the short side is larger than the crop", "[transform]") {
  const auto image = mao_test::random_image(60, 45, 4);
  const auto whole = mao::resize_bicubic(image, 42, 32);  // 42.67 truncated
  CHECK(mao::evaluation_pixels(image, {.resolution = 28, .resize = 32}) == mao::crop(whole, {7, 2, 28, 28}));
  CHECK(mao::evaluation_pixels(image, {.resolution = 28}) ==
        mao::evaluation_pixels(image, {.resolution = 28, .resize = 28}));
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
  CHECK_THROWS_AS(mao::check(mao::Preprocess{.mean = {NAN, 0, 1}}), mao::OptionError);
  CHECK_THROWS_AS(mao::check(mao::Preprocess{.fill = 256}), mao::OptionError);
  CHECK_THROWS_AS(mao::check(mao::Preprocess{.resize = 256, .mode = mao::ResizeMode::longest}), mao::OptionError);
}
