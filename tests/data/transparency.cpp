// SPDX-License-Identifier: Apache-2.0
#include <mao/data/transparency.hpp>

#include <cstdint>
#include <string>
#include <support/catch.hpp>
#include <vector>

using mao::detail::over_white;

TEST_CASE("white behind a byte gives Pillow's byte", "[transparency]") {
  CHECK(over_white(0, 128) == 127);  // Pillow 13's numbers
  CHECK(over_white(10, 3) == 252);
  CHECK(over_white(200, 77) == 238);
  CHECK(over_white(100, 254) == 101);
}

TEST_CASE("what is opaque stays, what is transparent is white, white is white", "[transparency]") {
  int wrong = 0;
  for (int i = 0; i < 256; ++i) {
    const auto byte = static_cast<std::uint8_t>(i);
    wrong += over_white(byte, 255) == byte && over_white(byte, 0) == 255 && over_white(255, byte) == 255 ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("RGBA becomes RGB over white, or loses its alpha", "[transparency]") {
  const std::vector<std::uint8_t> rgba{10, 20, 30, 128, 10, 20, 30, 255, 10, 20, 30, 0};
  std::vector<std::uint8_t> rgb(9);
  mao::detail::rgb_from_rgba(rgba.data(), rgb, true);
  CHECK(rgb == std::vector<std::uint8_t>{132, 137, 142, 10, 20, 30, 255, 255, 255});
  mao::detail::rgb_from_rgba(rgba.data(), rgb, false);
  CHECK(rgb == std::vector<std::uint8_t>{10, 20, 30, 10, 20, 30, 10, 20, 30});
}

TEST_CASE("each reading has its own name", "[transparency]") {
  CHECK(std::string(name_of(mao::Transparency::drop)) == "dropped");
  CHECK(std::string(name_of(mao::Transparency::white)) == "over white");
}
