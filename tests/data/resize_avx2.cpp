// SPDX-License-Identifier: Apache-2.0
#include <mao/data/detail/resize_avx2.hpp>

#include <mao/data/detail/resize.hpp>
#include <support/catch.hpp>
#include <support/images.hpp>

using mao::detail::ResizeWeights;

// Pictures from one pixel up, enlarged and shrunk, of which any part is read: an address sanitizer sees a byte too
// many.
TEST_CASE("both passes give the portable bytes", "[resize_avx2]") {
  MAO_SKIP_UNLESS(mao::detail::resizes_with_avx2(), "this CPU has no AVX2");
  mao::Rng rng(23);
  const auto size = [&](int largest) { return static_cast<int>(rng.below(static_cast<std::uint64_t>(largest))) + 1; };
  for (int round = 0; round < 300; ++round) {
    const int width = size(round % 3 == 0 ? 200 : 24), height = size(round % 3 == 1 ? 200 : 24), side = size(70);
    CAPTURE(round, width, height, side);
    auto image = mao_test::random_image(width, height, rng.bits());
    if (round % 2 == 0) {  // the extremes, which overshoot most
      for (auto& byte : image.pixels) byte = byte < 128 ? 0 : 255;
    }
    const auto filter = round % 4 == 0 ? mao::Filter::bilinear : mao::Filter::bicubic;
    const ResizeWeights columns(filter, width, side, 0, side), rows(filter, height, side, 0, side);
    const auto portable = mao::detail::resize_columns(image, columns, 0, height, false);
    REQUIRE(mao::detail::resize_columns(image, columns, 0, height, true) == portable);
    REQUIRE(mao::detail::resize_rows(portable, rows, 0, true) == mao::detail::resize_rows(portable, rows, 0, false));
  }
}
