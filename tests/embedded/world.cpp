// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/detail/world.hpp>

#include <cmath>
#include <cstdlib>
#include <set>
#include <string>

#include <support/catch.hpp>

namespace embedded = mao::embedded;
using mao::Rng;

namespace {

double mean_level(const mao::Image& image, std::size_t channel) {
  double sum = 0;
  for (std::size_t i = channel; i < image.pixels.size(); i += 3) sum += image.pixels[i];
  return sum / static_cast<double>(image.pixels.size() / 3);
}

}  // namespace

TEST_CASE("the same stream draws the same image, another one another", "[embedded]") {
  const embedded::Combination what{3, 5, 1};
  const auto first = embedded::render(what, 2, embedded::known_style(0), Rng(7));
  CHECK(first.pixels == embedded::render(what, 2, embedded::known_style(0), Rng(7)).pixels);
  CHECK(first.pixels != embedded::render(what, 2, embedded::known_style(0), Rng(8)).pixels);
  CHECK(first.pixels.size() == 48U * 48U * 3U);
}

TEST_CASE("positions and combinations are one to one and names are unique", "[embedded]") {
  std::set<std::string> names;
  for (std::size_t i = 0; i < embedded::combination_count; ++i) {
    CHECK(embedded::position(embedded::combination(i)) == i);
    names.insert(embedded::name(embedded::combination(i)));
  }
  CHECK(names.size() == 500);
  CHECK(embedded::name({0, 0, 1}) == "striped red circle");
}

TEST_CASE("a red object reddens the image's middle before every background", "[embedded]") {
  for (std::size_t background = 0; background < embedded::background_names.size(); ++background) {
    const auto image = embedded::render({0, 0, 0}, background, embedded::known_style(0), Rng(background));
    const std::size_t middle = (24 * 48 + 24) * 3;
    CHECK(image.pixels[middle] > image.pixels[middle + 1] + 60);
    CHECK(image.pixels[middle] > image.pixels[middle + 2] + 60);
  }
}

TEST_CASE("each known style does to an image what its name says", "[embedded]") {
  const auto drawn = [](std::size_t style) {
    return embedded::render({1, 3, 0}, 0, embedded::known_style(style), Rng(3));
  };
  const auto photo = drawn(0);
  CHECK(mean_level(drawn(2), 0) < 0.5 * mean_level(photo, 0));
  CHECK(drawn(1).pixels != photo.pixels);
  double rough = 0, smooth = 0;
  const auto grainy = drawn(5), blurry = drawn(4);
  for (std::size_t i = 3; i < photo.pixels.size(); ++i) {
    rough += std::abs(grainy.pixels[i] - grainy.pixels[i - 3]);
    smooth += std::abs(blurry.pixels[i] - blurry.pixels[i - 3]);
  }
  CHECK(rough > 3 * smooth);
}

TEST_CASE("the unknown style at strength 0 is a photo and continuous in its strength", "[embedded]") {
  const auto at_strength = [](float strength) {
    return embedded::render({4, 6, 2}, 3, embedded::shifted_style(strength), Rng(11)).pixels;
  };
  CHECK(at_strength(0) == embedded::render({4, 6, 2}, 3, embedded::known_style(0), Rng(11)).pixels);
  const auto near = at_strength(0.50F), nearer = at_strength(0.501F);
  double difference = 0;
  for (std::size_t i = 0; i < near.size(); ++i) difference += std::abs(near[i] - nearer[i]);
  CHECK(difference / static_cast<double>(near.size()) < 1);
}

TEST_CASE("images stay what they were when the weights were trained", "[embedded]") {
  const auto image = embedded::render({3, 5, 1}, 2, embedded::known_style(0), Rng(7));
  CHECK(mean_level(image, 0) == Approx(173.841).margin(0.5));
  CHECK(mean_level(image, 1) == Approx(152.190).margin(0.5));
  CHECK(mean_level(image, 2) == Approx(117.883).margin(0.5));
}
