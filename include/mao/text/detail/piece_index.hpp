// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Pieces of a vocabulary in sorted order: one by its text, and all that a text begins with.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mao::detail {

/// The pieces are those of the caller, who keeps them where they are.
class PieceIndex {
 public:
  struct Entry {
    std::uint64_t head = 0;  ///< the first eight bytes, so that most comparisons need no text
    std::string_view piece{};
    std::int64_t id = 0;
  };

  PieceIndex() = default;
  explicit PieceIndex(std::vector<Entry> entries);

  static Entry entry(std::string_view piece, std::int64_t id);

  /// The first entry whose piece stands twice, or null.
  [[nodiscard]] const Entry* repeated() const;

  /// The id of a piece; -1: there is none.
  [[nodiscard]] std::int64_t find(std::string_view piece) const;

  /// Calls `found(length, id)` for each piece that `text` begins with, the shortest first.
  template <class Found>
  void prefixes(std::string_view text, const Found& found) const {
    std::size_t low = 0, high = entries_.size();
    for (std::size_t length = 1; length <= text.size(); ++length) {
      narrow(static_cast<unsigned char>(text[length - 1]), length - 1, low, high);
      if (low == high) return;
      if (entries_[low].piece.size() == length) found(length, entries_[low].id);
    }
  }

  [[nodiscard]] bool empty() const { return entries_.empty(); }

 private:
  /// Of the entries low to high, which agree in their first `depth` bytes, those whose next byte is `byte`.
  void narrow(unsigned char byte, std::size_t depth, std::size_t& low, std::size_t& high) const;

  std::vector<Entry> entries_;
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/piece_index.ipp>
#endif
