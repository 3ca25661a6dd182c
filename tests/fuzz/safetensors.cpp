// SPDX-License-Identifier: Apache-2.0
#include <mao/io/safetensors.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "safetensors_mutator.hpp"

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

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned int seed) {
  mao_fuzz::Dice dice(seed);
  if (size < sizeof(std::uint64_t) || mao_fuzz::below(dice, 10) == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  return mao_fuzz::give(mao_fuzz::mutated_safetensors(file, dice), data, size, max_size);
}
