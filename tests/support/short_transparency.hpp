// SPDX-License-Identifier: Apache-2.0
#pragma once
// A PNG with damaged transparency.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include <support/images.hpp>

namespace mao_test {

/// A PNG whose transparency (tRNS) has 4 bytes for the 6 of a colour: Pillow reads its colours, and refuses to convert
/// it to RGBA.
inline void write_png_with_short_transparency(const std::filesystem::path& path, const mao::Image& image) {
  write_png(path, image);
  auto bytes = file_bytes(path);
  constexpr std::size_t behind_header = 33;
  const std::vector<std::uint8_t> chunk{0, 0, 0, 4, 't', 'R', 'N', 'S', 0, 1, 0, 2, 0x5c, 0x5f, 0x6d, 0x81};
  bytes.insert(bytes.begin() + behind_header, chunk.begin(), chunk.end());
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
}

}  // namespace mao_test
