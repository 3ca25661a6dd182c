// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// XXH64, a checksum over bytes that is as fast as memory.
///
/// **Source** the specification of xxHash, seed 0 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace mao::detail {

/// Detects damage; it does not protect against deliberate collisions.
class Checksum {
 public:
  void add(const void* data, std::size_t size);

  [[nodiscard]] std::uint64_t value() const;

  /// `xxh64:` and 16 hexadecimal digits.
  [[nodiscard]] std::string text() const;

 private:
  static constexpr std::uint64_t p1 = 0x9E3779B185EBCA87ULL, p2 = 0xC2B2AE3D27D4EB4FULL, p3 = 0x165667B19E3779F9ULL,
                                 p4 = 0x85EBCA77C2B2AE63ULL, p5 = 0x27D4EB2F165667C5ULL;

  template <class T>
  static std::uint64_t read(const unsigned char* bytes) {
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
  }

  static std::uint64_t round(std::uint64_t sum, std::uint64_t lane) { return std::rotl(sum + lane * p2, 31) * p1; }

  void add_stripe(const unsigned char* bytes) {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] = round(sums_[i], read<std::uint64_t>(bytes + 8 * i));
  }

  [[nodiscard]] std::uint64_t merged() const;

  std::array<std::uint64_t, 4> sums_{p1 + p2, p2, 0, 0 - p1};
  std::array<unsigned char, 32> rest_{};
  std::size_t held_ = 0;
  std::uint64_t length_ = 0;
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/impl/checksum.ipp>
#endif
