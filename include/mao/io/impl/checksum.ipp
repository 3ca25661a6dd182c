// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/checksum.hpp>

#include <algorithm>
#include <cstdio>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE void Checksum::add(const void* data, std::size_t size) {
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

MAO_INLINE std::uint64_t Checksum::value() const {
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

MAO_INLINE std::string Checksum::text() const {
  std::array<char, 24> digits{};
  std::snprintf(digits.data(), digits.size(), "xxh64:%016llx", static_cast<unsigned long long>(value()));
  return digits.data();
}

MAO_INLINE std::uint64_t Checksum::merged() const {
  std::uint64_t hash = std::rotl(sums_[0], 1) + std::rotl(sums_[1], 7) + std::rotl(sums_[2], 12) +
                       std::rotl(sums_[3], 18);
  for (const std::uint64_t sum : sums_) hash = (hash ^ round(0, sum)) * p1 + p4;
  return hash;
}

}  // namespace mao::detail
