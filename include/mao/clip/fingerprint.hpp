// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A short name for a set of weights, so that prompts know the model they were tuned on.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include <mao/core/tensor.hpp>

namespace mao {

/// 16 hexadecimal digits over names, shapes and the first and last 4 KiB of each tensor (reading all of a large model
/// would take longer than a short run).
inline std::string fingerprint_of(const TensorMap& weights) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
  const auto add = [&hash](const void* data, std::size_t size) {
    for (const auto* byte = static_cast<const unsigned char*>(data); size > 0; ++byte, --size) {
      hash = (hash ^ *byte) * 0x100000001b3ULL;
    }
  };
  for (const auto& [name, value] : weights) {
    add(name.data(), name.size());
    const Tensor bytes = value.detach().cpu().contiguous();
    for (const std::int64_t extent : bytes.sizes()) add(&extent, sizeof extent);
    const auto* begin = static_cast<const char*>(bytes.const_data_ptr());
    const std::size_t size = bytes.nbytes(), window = std::min<std::size_t>(size, 4096);
    add(begin, window);
    add(begin + (size - window), window);
  }
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, hash >>= 4) *digit = "0123456789abcdef"[hash & 15];
  return text;
}

}  // namespace mao
