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
  void add(const void* data, std::size_t size);
  /// A text and its end, so that "ab", "c" is not "a", "bc".
  void add(std::string_view text);
  /// 16 hexadecimal digits.
  [[nodiscard]] std::string text() const;

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/detail/impl/content_hash.ipp>
#endif
