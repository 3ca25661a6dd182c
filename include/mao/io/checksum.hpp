// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A checksum over bytes that is as fast as memory: XXH64.
///
/// **Source** the specification of xxHash, seed 0 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

namespace mao::detail {

/// Finds damage; not safe against somebody who wants two contents to look alike.
class Checksum {
 public:
  void add(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(data);
    length_ += size;
    if (held_ > 0) {
      const std::size_t taken = std::min(size, rest_.size() - held_);
      std::memcpy(rest_.data() + held_, bytes, taken);
      held_ += taken;
      bytes += taken;
      size -= taken;
      if (held_ < rest_.size()) return;
      add_stripe(rest_.data());
      held_ = 0;
    }
    for (; size >= rest_.size(); bytes += rest_.size(), size -= rest_.size()) add_stripe(bytes);
    if (size > 0) std::memcpy(rest_.data(), bytes, size);
    held_ = size;
  }

  [[nodiscard]] std::uint64_t value() const {
    std::uint64_t hash = length_ < rest_.size() ? p5 : merged();
    hash += length_;
    std::size_t i = 0;
    for (; i + 8 <= held_; i += 8) hash = std::rotl(hash ^ round(0, read<std::uint64_t>(&rest_[i])), 27) * p1 + p4;
    for (; i + 4 <= held_; i += 4) hash = std::rotl(hash ^ read<std::uint32_t>(&rest_[i]) * p1, 23) * p2 + p3;
    for (; i < held_; ++i) hash = std::rotl(hash ^ rest_[i] * p5, 11) * p1;
    hash = (hash ^ hash >> 33U) * p2;
    hash = (hash ^ hash >> 29U) * p3;
    return hash ^ hash >> 32U;
  }

  /// `xxh64:` and 16 hexadecimal digits.
  [[nodiscard]] std::string text() const {
    std::array<char, 24> digits{};
    std::snprintf(digits.data(), digits.size(), "xxh64:%016llx", static_cast<unsigned long long>(value()));
    return digits.data();
  }

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

  [[nodiscard]] std::uint64_t merged() const {
    std::uint64_t hash = std::rotl(sums_[0], 1) + std::rotl(sums_[1], 7) + std::rotl(sums_[2], 12) +
                         std::rotl(sums_[3], 18);
    for (const std::uint64_t sum : sums_) hash = (hash ^ round(0, sum)) * p1 + p4;
    return hash;
  }

  std::array<std::uint64_t, 4> sums_{p1 + p2, p2, 0, 0 - p1};
  std::array<unsigned char, 32> rest_{};
  std::size_t held_ = 0;
  std::uint64_t length_ = 0;
};

}  // namespace mao::detail
