// SPDX-License-Identifier: Apache-2.0
#include <mao/data/detail/decode_webp.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <mao/data/decode.hpp>
#include <numeric>
#include "datasets/image_damage.hpp"
#include <support/catch.hpp>
#include <support/images.hpp>
#include <support/temporary_folder.hpp>
#include <vector>

using mao_test::file_bytes;
using mao_test::image_golden;

namespace {

constexpr std::array webp_files{"lossy.webp",    "lossless.webp", "lossy_alpha.webp", "lossless_alpha.webp",
                                "animated.webp", "offset.webp",   "turned.webp"};

}  // namespace

#ifdef MAO_HAS_WEBP

TEST_CASE("WEBP has Pillow's pixels: lossy, lossless, alpha, the first frame, no rotation", "[decode_webp]") {
  for (const char* name : webp_files) {
    INFO(name);
    const auto file = image_golden(name);
    CHECK(mao::read_image(file) == mao_test::read_ppm(std::filesystem::path(file).replace_extension(".ppm")));
    CHECK(mao::image_damage(file, mao::ImageCheck::ends).empty());
    CHECK(mao::image_damage(file, mao::ImageCheck::decode).empty());
  }
}

TEST_CASE("WEBP over white has Pillow's pixels; an opaque one has the same under both readings", "[decode_webp]") {
  const auto white = [](const char* name) { return mao::read_image(image_golden(name), mao::Transparency::white); };
  const auto sum = [&](const char* name) {
    const auto pixels = white(name).pixels;
    return std::accumulate(pixels.begin(), pixels.end(), 0);
  };
  CHECK(sum("lossy_alpha.webp") == 134436);  // Pillow 13.0's sums; 82172 and 87830 with alpha dropped
  CHECK(sum("lossless_alpha.webp") == 134204);
  for (const char* name : {"lossy.webp", "lossless.webp", "turned.webp"}) {
    INFO(name);
    CHECK(white(name) == mao::read_image(image_golden(name)));
  }
}

TEST_CASE("a WEBP cut short anywhere, or damaged, is an error that names it", "[decode_webp]") {
  const mao_test::TemporaryFolder folder;
  for (const char* name : webp_files) {
    const auto bytes = file_bytes(image_golden(name));
    for (std::size_t length = 1; length + 2 < bytes.size(); length += 7) {
      INFO(name << " cut to " << length);
      const std::vector<std::uint8_t> part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
      CHECK_THROWS_WITH(mao::decode_image(part, name), ContainsSubstring(name));
      CHECK_FALSE(mao::image_damage(folder.write("cut.webp", {reinterpret_cast<const char*>(part.data()), length}),
                                    mao::ImageCheck::ends)
                      .empty());
    }
    mao::Rng rng(3);
    for (int round = 0; round < 200; ++round) {
      auto damaged = bytes;
      for (int i = 0; i < 3; ++i) damaged[rng.below(damaged.size())] = static_cast<std::uint8_t>(rng.below(256));
      try {
        static_cast<void>(mao::decode_image(damaged, name));
      } catch (const mao::FormatError&) {
      }
    }
  }
}

TEST_CASE("a WEBP canvas of absurd size is refused before memory is taken", "[decode_webp]") {
  auto bytes = file_bytes(image_golden("offset.webp"));
  std::fill_n(bytes.begin() + 24, 6, 0xff);  // the canvas of VP8X
  CHECK_THROWS_WITH(mao::decode_image(bytes, "bomb.webp"), ContainsSubstring("bomb.webp"));
}

#else

TEST_CASE("a build without libwebp refuses WEBP by name", "[decode_webp]") {
  for (const char* name : webp_files) {
    CHECK_THROWS_WITH(mao::read_image(image_golden(name)),
                      ContainsSubstring(name) && ContainsSubstring("built without libwebp"));
  }
}

#endif

TEST_CASE("only RIFF files of the kind WEBP are WEBP", "[decode_webp]") {
  const auto bytes = file_bytes(image_golden("lossy.webp"));
  CHECK(mao::detail::is_webp(bytes));
  auto sound = bytes;
  sound[8] = 'A';
  CHECK_FALSE(mao::detail::is_webp(sound));
  CHECK_FALSE(mao::detail::is_webp(std::span(bytes).first(11)));
}
