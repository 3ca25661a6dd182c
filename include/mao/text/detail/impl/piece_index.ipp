// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/piece_index.hpp>

#include <algorithm>
#include <utility>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE bool stands_before(const PieceIndex::Entry& a, const PieceIndex::Entry& b) {
  return a.head != b.head ? a.head < b.head : a.piece < b.piece;
}

MAO_INLINE PieceIndex::Entry PieceIndex::entry(std::string_view piece, std::int64_t id) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    head = head << 8 | (i < piece.size() ? static_cast<unsigned char>(piece[i]) : 0);
  }
  return {head, piece, id};
}

MAO_INLINE PieceIndex::PieceIndex(std::vector<Entry> entries) : entries_(std::move(entries)) {
  std::sort(entries_.begin(), entries_.end(), &stands_before);
}

MAO_INLINE const PieceIndex::Entry* PieceIndex::repeated() const {
  const auto found = std::adjacent_find(entries_.begin(), entries_.end(),
                                        [](const Entry& a, const Entry& b) { return a.piece == b.piece; });
  return found == entries_.end() ? nullptr : &*found;
}

MAO_INLINE std::int64_t PieceIndex::find(std::string_view piece) const {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), entry(piece, 0), &stands_before);
  return found == entries_.end() || found->piece != piece ? -1 : found->id;
}

MAO_INLINE void PieceIndex::narrow(unsigned char byte, std::size_t depth, std::size_t& low, std::size_t& high) const {
  const auto next = [depth](const Entry& entry) {
    return depth < entry.piece.size() ? static_cast<int>(static_cast<unsigned char>(entry.piece[depth])) : -1;
  };
  const auto begin = entries_.begin();
  const auto at = [begin](std::size_t i) { return begin + static_cast<std::ptrdiff_t>(i); };
  const auto first = std::partition_point(at(low), at(high), [&](const Entry& entry) { return next(entry) < byte; });
  const auto last = std::partition_point(first, at(high), [&](const Entry& entry) { return next(entry) == byte; });
  low = static_cast<std::size_t>(first - begin);
  high = static_cast<std::size_t>(last - begin);
}

}  // namespace mao::detail
