// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Pieces that are cut out of a text before anything else is done to it: `</s>`, `<eos>` and the like.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <mao/text/detail/piece_index.hpp>

namespace mao::detail {

struct AddedPiece {
  std::string text;
  std::int64_t id = -1;
  bool special = false;
  bool normalized = false;   ///< looked for in normalized text
  bool strips_left = false;  ///< takes the white space before it
  bool strips_right = false;
};

/// A part of a text: an added piece, or what stands between two.
struct TextSegment {
  std::string_view text;
  std::int64_t id = -1;  ///< -1: no added piece
};

/// Looks for the longest added piece at each place, from left to right.
class AddedPieces {
 public:
  AddedPieces() = default;
  explicit AddedPieces(std::vector<AddedPiece> pieces);
  AddedPieces(const AddedPieces&) = delete;
  AddedPieces(AddedPieces&&) = default;  // the index keeps views into the pieces, which stay where they are
  AddedPieces& operator=(AddedPieces&&) = default;

  /// The parts of `text` without empty ones. `is_space` decides what is stripped.
  [[nodiscard]] std::vector<TextSegment> split(std::string_view text, bool (*is_space)(char32_t)) const;

 private:
  std::vector<AddedPiece> pieces_;
  PieceIndex index_;  // the ids are places in pieces_
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/added_pieces.ipp>
#endif
