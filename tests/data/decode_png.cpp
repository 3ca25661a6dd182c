// SPDX-License-Identifier: Apache-2.0
#include <mao/core/error.hpp>
#include <mao/data/detail/decode_png.hpp>

#include <support/catch.hpp>
#include <support/images.hpp>

namespace {

/// Bytes of random samples as a PNG of that format of libpng's simple interface.
std::vector<std::uint8_t> encode_png(int width, int height, png_uint_32 format,
                                     const std::vector<std::uint8_t>& samples) {
  png_image header;
  std::memset(&header, 0, sizeof header);
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(width);
  header.height = static_cast<png_uint_32>(height);
  header.format = format;
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&header, nullptr, &size, 0, samples.data(), 0, nullptr);
  std::vector<std::uint8_t> bytes(size);
  png_image_write_to_memory(&header, bytes.data(), &size, 0, samples.data(), 0, nullptr);
  bytes.resize(size);
  return bytes;
}

std::vector<std::uint8_t> random_samples(std::size_t count, std::uint64_t seed) {
  mao::Rng rng(seed);
  std::vector<std::uint8_t> samples(count);
  for (auto& sample : samples) sample = static_cast<std::uint8_t>(rng.below(256));
  return samples;
}

}  // namespace

TEST_CASE("a picture of any size and kind keeps its bytes; grey is repeated, alpha dropped", "[decode_png]") {
  for (const auto& [width, height] : {std::pair{1, 1}, {5, 3}, {8, 9}, {31, 2}}) {
    for (const auto& [format, channels] :
         {std::pair{PNG_FORMAT_RGB, 3}, {PNG_FORMAT_RGBA, 4}, {PNG_FORMAT_GRAY, 1}, {PNG_FORMAT_GA, 2}}) {
      INFO(width << " x " << height << ", " << channels << " channels");
      const auto pixels = static_cast<std::size_t>(width * height), step = static_cast<std::size_t>(channels);
      const auto samples = random_samples(pixels * step, pixels);
      const auto image =
          mao::detail::decode_png(encode_png(width, height, static_cast<png_uint_32>(format), samples), "a.png");
      REQUIRE((image.width == width && image.height == height));
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < 3 * pixels; ++i) {
        wrong += image.pixels[i] == samples[i / 3 * step + (channels >= 3 ? i % 3 : 0)] ? 0 : 1;
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("grey of 16 bits is white above 255", "[decode_png]") {
  const std::vector<std::uint8_t> grey{0, 0, 0, 255, 1, 0, 255, 255, 0, 7};
  std::vector<std::uint8_t> rgb(15);
  mao::detail::rgb_from_deep_grey(grey.data(), rgb.data(), 5);
  CHECK(rgb == std::vector<std::uint8_t>{0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 7, 7, 7});
}

TEST_CASE("a changed byte of the pixels or a missing end is found by the checksums", "[decode_png]") {
  const auto bytes = encode_png(9, 9, PNG_FORMAT_RGB, random_samples(243, 1));
  auto damaged = bytes;
  damaged[bytes.size() / 2] ^= 1;
  CHECK_THROWS_AS(mao::detail::decode_png(damaged, "a.png"), mao::FormatError);
  const std::span<const std::uint8_t> without_end(bytes.data(), bytes.size() - 12);
  CHECK_THROWS_WITH(mao::detail::decode_png(without_end, "a.png"),
                    ContainsSubstring("a.png") && ContainsSubstring("too early"));
}
