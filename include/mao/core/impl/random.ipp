// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/random.hpp>

#include <initializer_list>
#include <span>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE Rng Rng::operator[](std::string_view name) const {
  std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return (*this)[hash];
}

MAO_INLINE std::uint64_t Rng::below(std::uint64_t n) {
  const std::uint64_t limit = -n % n;  // 2^64 mod n
  for (;;) {
    if (const std::uint64_t draw = bits(); draw >= limit) return draw % n;
  }
}

}  // namespace mao
