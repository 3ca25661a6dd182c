// SPDX-License-Identifier: Apache-2.0
#include <mao/data/decode.hpp>

#include <mao/core/error.hpp>

#include <sys/stat.h>

#include <cstdint>
#include <numeric>
#include <support/catch.hpp>
#include <support/images.hpp>
#include <support/temporary_folder.hpp>
#include <vector>

using mao_test::file_bytes;
using mao_test::image_golden;

TEST_CASE("decoded pixels are Pillow's, for every kind of file", "[decode]") {
  for (const char* name : {"colour.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "palette.png", "alpha.png",
                           "bits.png", "deep_colour.png", "deep_grey.png"}) {
    INFO(name);
    const auto file = image_golden(name);
    CHECK(mao::read_image(file) == mao_test::read_ppm(std::filesystem::path(file).replace_extension(".ppm")));
  }
}

TEST_CASE("images with transparency over white have Pillow's pixels", "[decode]") {
  const auto sum = [](const char* name, mao::Transparency transparency) {
    const auto pixels = mao::read_image(image_golden(name), transparency).pixels;
    return std::accumulate(pixels.begin(), pixels.end(), 0);
  };
  CHECK(sum("alpha.png", mao::Transparency::white) == 102036);  // Pillow 13.0's sums
  CHECK(sum("alpha.png", mao::Transparency::drop) == 68295);
  CHECK(sum("palette.png", mao::Transparency::white) == 82419);
  CHECK(sum("palette.png", mao::Transparency::drop) == 74847);
}

TEST_CASE("an opaque image has the same pixels with transparency over white and dropped", "[decode]") {
  const mao_test::TemporaryFolder folder;
  mao_test::write_png(folder / "opaque.png", mao_test::random_image(23, 9, 11));
  std::vector<std::filesystem::path> files{folder / "opaque.png"};
  for (const char* name :
       {"colour.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "bits.png", "deep_colour.png", "deep_grey.png"}) {
    files.push_back(image_golden(name));
  }
  for (const auto& file : files) {
    INFO(file.string());
    CHECK(mao::read_image(file, mao::Transparency::white) == mao::read_image(file));
  }
}

TEST_CASE("an image cut short anywhere is an error that names it", "[decode]") {
  for (const char* name : {"colour.jpg", "progressive.jpg", "cmyk.jpg", "alpha.png", "deep_grey.png", "palette.png"}) {
    const auto bytes = file_bytes(image_golden(name));
    for (std::size_t length = 0; length + 2 < bytes.size(); length += 3) {
      const std::vector<std::uint8_t> part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
      INFO(name << " cut to " << length);
      CHECK_THROWS_AS(mao::decode_image(part, name), mao::FormatError);
      CHECK_THROWS_WITH(mao::decode_image(part, name), ContainsSubstring(name));
    }
  }
}

TEST_CASE("damaged bytes give pixels or a FormatError, nothing else", "[decode]") {
  mao::Rng rng(5);
  for (const char* name : {"colour.jpg", "cmyk.jpg", "palette.png", "deep_colour.png"}) {
    const auto bytes = file_bytes(image_golden(name));
    for (int round = 0; round < 300; ++round) {
      auto damaged = bytes;
      for (int i = 0; i < 3; ++i) damaged[rng.below(damaged.size())] = static_cast<std::uint8_t>(rng.below(256));
      try {
        const auto image = mao::decode_image(damaged, name);
        CHECK(image.pixels.size() == static_cast<std::size_t>(image.width) * image.height * 3);
      } catch (const mao::FormatError&) {
      }
    }
  }
}

TEST_CASE("what is no image is refused with a reason", "[decode]") {
  const mao_test::TemporaryFolder folder;
  CHECK_THROWS_WITH(mao::read_image(folder.write("empty.jpg", "")),
                    ContainsSubstring("empty.jpg") && ContainsSubstring("0 bytes"));
  CHECK_THROWS_WITH(mao::read_image(folder.write("a.webp", "RIFF....WEBP")), ContainsSubstring("a.webp: "));
  CHECK_THROWS_WITH(mao::read_image(folder.write("a.txt", "some text")),
                    ContainsSubstring("9 bytes that do not begin as an image does; expected a JPEG, a PNG"));
  CHECK_THROWS_WITH(mao::read_image(folder.write("a.jpg", "GIF89a....")), ContainsSubstring("a.jpg: a GIF image"));
  CHECK_THROWS_WITH(mao::read_image(folder.write("b.jpg", "BM....")), ContainsSubstring("a BMP image"));
  CHECK_THROWS_WITH(mao::read_image(folder.write("c.jpg", {"II*\0....", 8})), ContainsSubstring("a TIFF image"));
  CHECK_THROWS_WITH(mao::read_image(folder.write("d.jpg", "....ftypavif")), ContainsSubstring("an AVIF image"));
  CHECK_THROWS_WITH(mao::read_image(folder / "C:\\d.jpg"), ContainsSubstring("as Windows writes it"));
  CHECK_THROWS_AS(mao::read_image(folder / std::string(300, 'x')), mao::FileError);
  CHECK_THROWS_AS(mao::read_image(folder / "absent.jpg"), mao::FileError);
  CHECK_THROWS_WITH(mao::read_image(folder.path()), ContainsSubstring("it is a folder"));
  const auto pipe = folder / "pipe.jpg";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);  // opening it would wait for a writer
  CHECK_THROWS_WITH(mao::read_image(pipe), ContainsSubstring("pipe.jpg: it is a pipe or a device"));
}

TEST_CASE("the first bytes tell the kind, not the name", "[decode]") {
  const mao_test::TemporaryFolder folder;
  std::filesystem::copy_file(image_golden("alpha.png"), folder / "n02105855_2933.JPEG");
  CHECK(mao::read_image(folder / "n02105855_2933.JPEG") == mao_test::read_ppm(image_golden("alpha.ppm")));
}

TEST_CASE("a header that claims absurd dimensions is refused before memory is taken", "[decode]") {
  auto bytes = file_bytes(image_golden("colour.jpg"));
  for (std::size_t i = 0; i + 9 < bytes.size(); ++i) {
    if (bytes[i] == 0xff && bytes[i + 1] == 0xc0)
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(i) + 5, 4, 0xfd);
  }
  CHECK_THROWS_WITH(mao::decode_image(bytes, "bomb.jpg"), ContainsSubstring("bomb.jpg: an image of 65021x65021"));
}
