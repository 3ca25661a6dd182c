// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/rendered_images.hpp>

#include <support/catch.hpp>

namespace embedded = mao::embedded;

TEST_CASE("rendered images come class by class, as many as were asked for", "[embedded]") {
  mao::Preprocess preprocess;
  preprocess.resolution = 48;
  const auto& task = embedded::task("disjoint");
  const auto images = embedded::rendered_images(task, embedded::Half::New, embedded::Split::Test, preprocess, 2);
  CHECK(images.pixels.sizes() == at::IntArrayRef({24 * 2, 3, 48, 48}));
  CHECK(images.labels.size() == 48);
  CHECK(images.labels[3] == 1);
  const auto again = embedded::rendered_images(task, embedded::Half::New, embedded::Split::Test, preprocess, 2);
  CHECK(images.pixels.equal(again.pixels));
  const auto drawn = embedded::rendered_images(task, embedded::Half::New, embedded::Split::Test, preprocess, 2, 1);
  CHECK_FALSE(images.pixels.equal(drawn.pixels));
}
