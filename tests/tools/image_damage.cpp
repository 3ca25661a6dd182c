// SPDX-License-Identifier: Apache-2.0
#include "datasets/image_damage.hpp"
#include "runs/data_fingerprint.hpp"

#include <sys/stat.h>

#include <string>
#include <support/catch.hpp>
#include <support/images.hpp>
#include <support/short_transparency.hpp>
#include <support/temporary_folder.hpp>

namespace {

using mao::ImageCheck;

std::string golden(const std::string& name) {
  const auto bytes = mao_test::file_bytes(mao_test::image_golden(name));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("whole images have no damage, whatever follows their end", "[image_damage]") {
  const mao_test::TemporaryFolder folder;
  for (const char* name : {"colour.jpg", "cmyk.jpg", "progressive.jpg", "grey.jpg", "alpha.png", "palette.png"}) {
    for (const auto check : {ImageCheck::ends, ImageCheck::decode}) {
      INFO(name);
      CHECK(mao::image_damage(mao_test::image_golden(name), check).empty());
      CHECK(mao::image_damage(folder.write("longer", golden(name) + "left behind"), check).empty());
    }
  }
}

TEST_CASE("an image that is cut short anywhere is damaged, at a glance too", "[image_damage]") {
  const mao_test::TemporaryFolder folder;
  for (const char* name : {"colour.jpg", "palette.png"}) {
    const std::string whole = golden(name);
    for (const std::size_t length :
         {whole.size() - 2, whole.size() / 2, std::size_t{30}, std::size_t{5}, std::size_t{0}}) {
      const auto file = folder.write("cut", whole.substr(0, length));
      INFO(name << " " << length);
      CHECK_FALSE(mao::image_damage(file, ImageCheck::ends).empty());
      CHECK_FALSE(mao::image_damage(file, ImageCheck::decode).empty());
    }
  }
  const std::string picture = golden("colour.jpg");
  const auto file = folder.write("cut.jpg", picture.substr(0, picture.size() - 20));
  const auto text = mao::image_damage(file, ImageCheck::ends);
  CHECK_THAT(text, ContainsSubstring("cut short"));
  CHECK(text.find(folder.path().string()) == std::string::npos);
}

TEST_CASE("a pipe is damaged, and nobody waits for it", "[image_damage]") {
  const mao_test::TemporaryFolder folder;
  const auto pipe = folder / "pipe.png";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const ImageCheck check : {ImageCheck::ends, ImageCheck::decode}) {
    CHECK_THAT(mao::image_damage(pipe, check), ContainsSubstring("it is a pipe or a device"));
  }
  CHECK(mao::detail::ends_of_file(pipe) == 0);
}

TEST_CASE("damage inside a PNG shows when it is decoded", "[image_damage]") {
  const mao_test::TemporaryFolder folder;
  std::string bytes = golden("palette.png");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
  CHECK_FALSE(mao::image_damage(folder.write("bad.png", bytes), ImageCheck::decode).empty());
}

TEST_CASE("transparency that only some models refuse is damage, and the reason says so", "[image_damage]") {
  const mao_test::TemporaryFolder folder;
  const auto file = folder / "short.png";
  mao_test::write_png_with_short_transparency(file, mao_test::random_image(6, 5, 1));
  CHECK(mao::image_damage(file, ImageCheck::decode) ==
        "the PNG's transparency (tRNS) has 4 bytes; expected 6, one colour; save the image again; only models that "
        "put white behind transparent pixels refuse it");
  CHECK(mao::image_damage(file, ImageCheck::decode, mao::Transparency::drop).empty());
  CHECK(mao::image_damage(file, ImageCheck::ends).empty());
}
