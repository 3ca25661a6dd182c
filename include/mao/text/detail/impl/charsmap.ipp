// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/charsmap.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

/// Little-endian, whatever the machine.
MAO_INLINE std::uint32_t unit_at(std::string_view bytes, std::size_t position) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i > 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[position + i - 1]);
  return value;
}

MAO_INLINE Charsmap::Charsmap(std::string_view bytes, const std::string& where) {
  if (bytes.empty()) return;
  const std::size_t size = bytes.size() < 4 ? 0 : unit_at(bytes, 0);
  require<FormatError>(size >= 4 && size % 4 == 0 && size < bytes.size() - 4 && bytes.back() == '\0', where,
                       ": the character map of its normalizer is damaged (", bytes.size(), " bytes)");
  units_.reserve(size / 4);
  for (std::size_t i = 0; i < size; i += 4) units_.push_back(unit_at(bytes, 4 + i));
  meanings_ = bytes.substr(4 + size);
}

MAO_INLINE std::optional<Charsmap::Match> Charsmap::match(std::string_view text, bool longest) const {
  std::optional<Match> best;
  if (units_.empty()) return best;
  const auto offset = [](std::uint32_t unit) { return (unit >> 10) << ((unit & (1U << 9)) >> 6); };
  std::size_t node = offset(units_[0]);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    node ^= byte;
    if (node >= units_.size() || (units_[node] & ((1U << 31) | 0xFFU)) != byte) return best;
    const bool leaf = ((units_[node] >> 8) & 1U) != 0;
    node ^= offset(units_[node]);
    if (!leaf) continue;
    if (node >= units_.size()) return best;
    const std::size_t start = units_[node] & ((1U << 31) - 1);
    if (start >= meanings_.size()) return best;
    best = Match{i + 1, std::string_view(meanings_.c_str() + start)};
    if (!longest) return best;
  }
  return best;
}

}  // namespace mao::detail
