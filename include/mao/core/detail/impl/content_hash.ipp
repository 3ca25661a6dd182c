// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/detail/content_hash.hpp>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE void ContentHash::add(const void* data, std::size_t size) {
  for (const auto* byte = static_cast<const unsigned char*>(data); size > 0; ++byte, --size) {
    hash_ = (hash_ ^ *byte) * 0x100000001b3ULL;
  }
}

MAO_INLINE void ContentHash::add(std::string_view text) {
  add(text.data(), text.size());
  add("", 1);
}

MAO_INLINE std::string ContentHash::text() const {
  std::string digits(16, '0');
  std::uint64_t rest = hash_;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, rest >>= 4U) {
    *digit = "0123456789abcdef"[rest & 15U];
  }
  return digits;
}

}  // namespace mao::detail
