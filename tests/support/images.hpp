// SPDX-License-Identifier: Apache-2.0
#pragma once
// Pictures for tests: golden files made by tests/data/golden/make.py, and generated ones.
#include <png.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mao/core/random.hpp>
#include <mao/data/image.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include <support/folders.hpp>

namespace mao_test {

inline std::filesystem::path image_golden(const std::string& name) {
  return std::filesystem::path(mao_test::source_dir()) / "tests/data/golden" / name;
}

inline std::vector<std::uint8_t> file_bytes(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A binary PPM of 8 bits.
inline mao::Image read_ppm(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string magic;
  int width = 0;
  int height = 0;
  int largest = 0;
  stream >> magic >> width >> height >> largest;
  if (magic != "P6" || largest != 255) throw std::runtime_error("not a PPM: " + path.string());
  stream.get();
  mao::Image image(width, height);
  stream.read(reinterpret_cast<char*>(image.pixels.data()), static_cast<std::streamsize>(image.pixels.size()));
  return image;
}

inline mao::Image random_image(int width, int height, std::uint64_t seed) {
  mao::Rng rng(seed);
  mao::Image image(width, height);
  for (auto& byte : image.pixels) byte = static_cast<std::uint8_t>(rng.below(256));
  return image;
}

inline void write_png(const std::filesystem::path& path, const mao::Image& image) {
  png_image header;
  std::memset(&header, 0, sizeof header);
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = PNG_FORMAT_RGB;
  std::filesystem::create_directories(path.parent_path());
  if (png_image_write_to_file(&header, path.c_str(), 0, image.pixels.data(), 0, nullptr) == 0) {
    throw std::runtime_error("cannot write " + path.string());
  }
}

}  // namespace mao_test
