// SPDX-License-Identifier: Apache-2.0
#include <mao/io/detail/pickle.hpp>
#include <mao/io/torch_archive.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Any bytes give a `FormatError` or tensors whose every element can be read; as an archive, and as its pickle alone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  try {
    for (const auto& [name, tensor] : mao::parse_torch_archive(mao::copy_bytes(content, "fuzz")).tensors) {
      static_cast<void>(tensor.clone());
    }
  } catch (const mao::FormatError&) {
  }
  try {
    static_cast<void>(mao::parse_pickle({content.data(), content.size()}, "fuzz").find("train"));
  } catch (const mao::FormatError&) {
  }
  return 0;
}
