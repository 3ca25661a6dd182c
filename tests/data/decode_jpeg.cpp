// SPDX-License-Identifier: Apache-2.0
#include <mao/core/error.hpp>
#include <mao/data/detail/decode_jpeg.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstdio>

#include <jpeglib.h>

#include <support/catch.hpp>
#include <support/images.hpp>

namespace {

/// The picture as a JPEG of the best quality, of 3 channels, or of 1 made from the first.
std::vector<std::uint8_t> encode_jpeg(const mao::Image& image, int channels) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &memory, &size);
  info.image_width = static_cast<JDIMENSION>(image.width);
  info.image_height = static_cast<JDIMENSION>(image.height);
  info.input_components = channels;
  info.in_color_space = channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 100, TRUE);
  for (int i = 0; i < channels; ++i) info.comp_info[i].h_samp_factor = info.comp_info[i].v_samp_factor = 1;
  jpeg_start_compress(&info, TRUE);
  std::vector<std::uint8_t> row(static_cast<std::size_t>(image.width * channels));
  while (info.next_scanline < info.image_height) {
    const std::uint8_t* pixels =
        image.pixels.data() + std::size_t{info.next_scanline} * static_cast<std::size_t>(image.width) * 3;
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = pixels[channels == 3 ? i : 3 * i];
    JSAMPROW start = row.data();
    jpeg_write_scanlines(&info, &start, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::vector<std::uint8_t> bytes(memory, memory + size);
  std::free(memory);
  return bytes;
}

int largest_difference(const mao::Image& a, const mao::Image& b) {
  if (a.width != b.width || a.height != b.height) return 256;
  int largest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  return largest;
}

}  // namespace

TEST_CASE("an image of any size survives the best quality within a few levels", "[decode_jpeg]") {
  for (const auto& [width, height] : {std::pair{1, 1}, {7, 3}, {16, 16}, {17, 33}}) {
    INFO(width << " x " << height);
    const auto image = mao_test::random_image(width, height, static_cast<std::uint64_t>(width));
    CHECK(largest_difference(mao::detail::decode_jpeg(encode_jpeg(image, 3), "a.jpg"), image) <= 6);
    mao::Image grey = image;
    for (std::size_t i = 0; i < grey.pixels.size(); ++i) grey.pixels[i] = image.pixels[i - i % 3];
    CHECK(largest_difference(mao::detail::decode_jpeg(encode_jpeg(image, 1), "a.jpg"), grey) <= 3);
  }
}

TEST_CASE("ink on paper is the product rounded, for every pair", "[decode_jpeg]") {
  int wrong = 0;
  for (int ink = 0; ink < 256; ++ink) {
    for (int paper = 0; paper < 256; ++paper) {
      const int expected = paper - static_cast<int>(std::floor(ink * paper / 255.0 + 0.5));
      wrong += mao::detail::cmyk_channel(ink, paper) == std::max(0, expected) ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
  const std::vector<std::uint8_t> inverted{255, 255, 255, 255, 0,   255,
                                           255, 255, 255, 255, 255, 0};  // white, cyan, black
  std::vector<std::uint8_t> rgb(9);
  mao::detail::rgb_from_cmyk(inverted.data(), rgb.data(), 3);
  CHECK(rgb == std::vector<std::uint8_t>{255, 255, 255, 0, 255, 255, 0, 0, 0});
}

TEST_CASE("sizes are refused beyond Pillow's limit, without overflow", "[decode_jpeg]") {
  using mao::detail::require_sane_size;
  CHECK_NOTHROW(require_sane_size(1, mao::detail::largest_picture, "a.jpg"));
  CHECK_THROWS_AS(require_sane_size(2, mao::detail::largest_picture, "a.jpg"), mao::FormatError);
  CHECK_THROWS_AS(require_sane_size(std::int64_t{1} << 40, std::int64_t{1} << 40, "a.jpg"), mao::FormatError);
  CHECK_THROWS_AS(require_sane_size(0, 5, "a.jpg"), mao::FormatError);
  CHECK_THROWS_WITH(require_sane_size(5, 0, "a.jpg"), ContainsSubstring("a.jpg: an image of 5x0"));
}
