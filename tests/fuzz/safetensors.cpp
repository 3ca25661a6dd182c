// SPDX-License-Identifier: Apache-2.0
#include <mao/io/safetensors.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Any bytes give a `FormatError` or tensors whose every element can be read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  try {
    for (const auto& [name, tensor] : mao::parse_safetensors(mao::copy_bytes(content, "fuzz")).tensors) {
      static_cast<void>(tensor.clone());
    }
  } catch (const mao::FormatError&) {
  }
  return 0;
}
