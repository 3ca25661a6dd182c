// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A short number over contents, to tell them apart.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mao::detail {

/// FNV-1a of 64 bits: tells contents apart, not safe against somebody who wants two to look alike.
class ContentHash {
 public:
  void add(const void* data, std::size_t size) {
    for (const auto* byte = static_cast<const unsigned char*>(data); size > 0; ++byte, --size) {
      hash_ = (hash_ ^ *byte) * 0x100000001b3ULL;
    }
  }
  /// A text and its end, so that "ab", "c" is not "a", "bc".
  void add(std::string_view text) {
    add(text.data(), text.size());
    add("", 1);
  }
  /// 16 hexadecimal digits.
  [[nodiscard]] std::string text() const {
    std::string digits(16, '0');
    std::uint64_t rest = hash_;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, rest >>= 4U) {
      *digit = "0123456789abcdef"[rest & 15U];
    }
    return digits;
  }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace mao::detail
