// SPDX-License-Identifier: Apache-2.0
#include "report/encode_png.hpp"

#include <mao/core/random.hpp>
#include <mao/data/detail/decode_png.hpp>
#include <support/catch.hpp>

TEST_CASE("an image of any size comes back from its PNG as it was", "[encode_png]") {
  mao::Rng rng(7);
  for (const auto& [width, height] : {std::pair{1, 1}, {3, 5}, {48, 48}, {129, 2}}) {
    mao::Image image(width, height);
    for (auto& sample : image.pixels) sample = static_cast<std::uint8_t>(rng.below(256));
    const auto bytes = mao::encode_png(image);
    CHECK(mao::detail::decode_png(bytes, "a.png") == image);
    CHECK(mao::encode_png(image) == bytes);
  }
}

TEST_CASE("an image without pixels is refused in words", "[encode_png]") {
  CHECK_THROWS_AS(mao::encode_png(mao::Image()), mao::ShapeError);
  mao::Image image(2, 2);
  image.pixels.pop_back();
  CHECK_THROWS_WITH(mao::encode_png(image), ContainsSubstring("2x2") && ContainsSubstring("11 bytes"));
}
