// SPDX-License-Identifier: Apache-2.0
#include <mao/core/error.hpp>
#include <mao/data/detail/decode_png.hpp>

#include <array>
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

/// A PNG of one row of any kind, written with libpng, and its palette and transparency if it has some.
struct RowPng {
  int width, depth, colour;
  std::vector<std::uint8_t> row, palette, transparent;  ///< the last as the chunk holds it

  [[nodiscard]] std::vector<std::uint8_t> bytes() const {
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    std::vector<std::uint8_t> target;
    png_set_write_fn(
        png, &target,
        [](png_structp writer, png_bytep data, png_size_t size) {
          auto* const to = static_cast<std::vector<std::uint8_t>*>(png_get_io_ptr(writer));
          to->insert(to->end(), data, data + size);
        },
        nullptr);
    png_set_IHDR(png, info, static_cast<png_uint_32>(width), 1, depth, colour, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    std::vector<png_color> colours;
    for (std::size_t i = 0; i + 2 < palette.size(); i += 3) {
      colours.push_back({palette[i], palette[i + 1], palette[i + 2]});
    }
    if (!colours.empty()) png_set_PLTE(png, info, colours.data(), static_cast<int>(colours.size()));
    png_write_info(png, info);
    static constexpr std::array<png_byte, 5> name{'t', 'R', 'N', 'S', 0};
    if (!transparent.empty()) png_write_chunk(png, name.data(), transparent.data(), transparent.size());
    png_write_row(png, row.data());
    png_write_end(png, nullptr);
    png_destroy_write_struct(&png, &info);
    return target;
  }

  [[nodiscard]] std::vector<std::uint8_t> rgb(mao::Transparency transparency) const {
    return mao::detail::decode_png(bytes(), "row.png", transparency).pixels;
  }
  [[nodiscard]] std::vector<std::uint8_t> white() const { return rgb(mao::Transparency::white); }
  [[nodiscard]] std::vector<std::uint8_t> dropped() const { return rgb(mao::Transparency::drop); }
};

std::vector<std::uint8_t> random_samples(std::size_t count, std::uint64_t seed) {
  mao::Rng rng(seed);
  std::vector<std::uint8_t> samples(count);
  for (auto& sample : samples) sample = static_cast<std::uint8_t>(rng.below(256));
  return samples;
}

}  // namespace

TEST_CASE("an image of any size and kind keeps its bytes; grey is repeated, alpha dropped", "[decode_png]") {
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

// The expected bytes below are Pillow 13.0's: alpha_composite over opaque white, then convert("RGB").

TEST_CASE("an alpha band lies over white, of 8 and of 16 bits", "[decode_png]") {
  using Bytes = std::vector<std::uint8_t>;
  const RowPng grey{3, 8, PNG_COLOR_TYPE_GRAY_ALPHA, {10, 0, 10, 128, 10, 255}, {}, {}};
  CHECK(grey.white() == Bytes{255, 255, 255, 132, 132, 132, 10, 10, 10});
  CHECK(grey.dropped() == Bytes(9, 10));
  const RowPng deep_grey{3, 16, PNG_COLOR_TYPE_GRAY_ALPHA, {10, 16, 0, 0, 10, 16, 128, 255, 10, 255, 255, 255}, {}, {}};
  CHECK(deep_grey.white() == Bytes{255, 255, 255, 132, 132, 132, 10, 10, 10});
  const Bytes samples{10, 16, 20, 0, 30, 255, 128, 255, 10, 16, 20, 0, 30, 255, 255, 255};
  CHECK(RowPng{2, 16, PNG_COLOR_TYPE_RGB_ALPHA, samples, {}, {}}.white() == Bytes{132, 137, 142, 10, 20, 30});
  const RowPng stray{2, 8, PNG_COLOR_TYPE_RGB_ALPHA, {1, 2, 3, 4, 5, 6, 7, 255}, {}, {0, 5, 0, 6, 0, 7}};
  CHECK(stray.white() == Bytes{251, 251, 251, 5, 6, 7});  // tRNS means nothing beside an alpha band
}

TEST_CASE("entries of a palette lie over white", "[decode_png]") {
  using Bytes = std::vector<std::uint8_t>;
  const Bytes colours{255, 0, 0, 0, 255, 0, 0, 0, 255};
  const RowPng some{4, 8, PNG_COLOR_TYPE_PALETTE, {0, 1, 2, 1}, colours, {128, 16}};
  CHECK(some.white() == Bytes{255, 127, 127, 239, 255, 239, 0, 0, 255, 239, 255, 239});
  CHECK(some.dropped() == Bytes{255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 255, 0});
  const RowPng packed{4, 2, PNG_COLOR_TYPE_PALETTE, {0x18}, colours, {128, 16}};
  CHECK(packed.white() == Bytes{255, 127, 127, 239, 255, 239, 0, 0, 255, 255, 127, 127});
  const RowPng longer{4, 8, PNG_COLOR_TYPE_PALETTE, {0, 1, 2, 1}, colours, Bytes(6, 128)};  // libpng ignores this chunk
  CHECK(longer.white() == Bytes{255, 127, 127, 127, 255, 127, 127, 127, 255, 127, 255, 127});
  const RowPng opaque{4, 8, PNG_COLOR_TYPE_PALETTE, {0, 1, 2, 1}, colours, {255, 255}};
  CHECK(opaque.white() == opaque.dropped());
}

TEST_CASE("the one transparent grey is white, compared as Pillow does", "[decode_png]") {
  using Bytes = std::vector<std::uint8_t>;
  const auto greys = [](int width, int depth, const Bytes& row, const Bytes& transparent) {
    const Bytes rgb = RowPng{width, depth, PNG_COLOR_TYPE_GRAY, row, {}, transparent}.white();
    Bytes first;
    for (std::size_t i = 0; i < rgb.size(); i += 3) first.push_back(rgb[i]);
    return first;
  };
  CHECK(greys(4, 8, {0, 7, 255, 8}, {1, 7}) == Bytes{0, 255, 255, 8});  // 263: the low byte counts
  CHECK(greys(4, 2, {0x1b}, {0, 85}) == Bytes{0, 255, 170, 255});       // with the byte, not with the two bits
  CHECK(greys(4, 2, {0x1b}, {0, 1}) == Bytes{0, 85, 170, 255});
  CHECK(greys(4, 1, {0xa0}, {0, 0}) == Bytes{255, 255, 255, 255});
  CHECK(greys(4, 1, {0xa0}, {0, 2}) == Bytes{255, 0, 255, 0});
  CHECK(greys(4, 16, {0, 232, 3, 232, 0, 255, 0, 0}, {3, 232}) == Bytes{255, 255, 255, 0});
  CHECK(greys(4, 16, {0, 232, 3, 232, 0, 255, 0, 0}, {0, 255}) == Bytes{232, 255, 255, 0});
}

TEST_CASE("the one transparent colour is white, compared as Pillow does", "[decode_png]") {
  using Bytes = std::vector<std::uint8_t>;
  const RowPng usual{3, 8, PNG_COLOR_TYPE_RGB, {1, 2, 3, 4, 5, 6, 0, 0, 0}, {}, {1, 1, 0, 2, 0, 3}};
  CHECK(usual.white() == Bytes{255, 255, 255, 4, 5, 6, 0, 0, 0});
  CHECK(usual.dropped() == usual.row);
  RowPng deep{3, 16, PNG_COLOR_TYPE_RGB, {1, 2, 3, 4, 5, 6, 1, 255, 3, 255, 5, 255, 2, 4, 4, 6, 6, 8}, {}, {}};
  deep.transparent = {2, 1, 4, 3, 6, 5};
  CHECK(deep.white() == Bytes{255, 255, 255, 255, 255, 255, 2, 4, 6});
  deep.transparent = {1, 2, 3, 4, 5, 6};
  CHECK(deep.white() == Bytes{1, 3, 5, 1, 3, 5, 255, 255, 255});
}

TEST_CASE("transparency that Pillow refuses is refused over white", "[decode_png]") {
  const auto refused = [](const RowPng& png, const char* message) {
    CHECK_THROWS_WITH(png.white(),
                      ContainsSubstring("row.png: the PNG's transparency (tRNS) has ") && ContainsSubstring(message));
  };
  refused({2, 8, PNG_COLOR_TYPE_GRAY, {0, 1}, {}, {1}}, "1 bytes; expected 2, one grey");
  refused({1, 8, PNG_COLOR_TYPE_RGB, {0, 1, 2}, {}, {0, 1, 0, 2}}, "4 bytes; expected 6, one colour");
  const std::vector<std::uint8_t> many(257, 128);
  refused({1, 8, PNG_COLOR_TYPE_PALETTE, {0}, {1, 2, 3}, many}, "257 bytes; expected at most 256");
}
