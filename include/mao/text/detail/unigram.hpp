// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The most probable way to write a text as pieces of a unigram model.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <mao/text/detail/piece_index.hpp>

namespace mao::detail {

/// A part of a text; its id is -1 where no piece fits.
struct TextPiece {
  std::size_t begin = 0;
  std::size_t size = 0;
  std::int64_t id = -1;
};

/// How many bytes the character has that begins with that byte. A text is checked UTF-8 here.
inline std::size_t character_size(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// The pieces of `text`, from left to right. `score(id, bytes)` gives the logarithm of a piece's probability, added up
/// in `Number`, as SentencePiece (float) and tokenizers (double) do; the first of equal ways wins.
template <class Number, class Score>
std::vector<TextPiece> most_probable(std::string_view text, const PieceIndex& index, Number unknown,
                                     const Score& score) {
  struct Node {
    Number sum = 0;
    std::size_t begin = 0;
    std::int64_t id = -1;
    bool reached = false;
  };
  std::vector<Node> nodes(text.size() + 1);
  const auto offer = [&nodes](std::size_t begin, std::size_t end, std::int64_t id, auto sum) {
    Node& node = nodes[end];
    if (!node.reached || sum > node.sum) node = {static_cast<Number>(sum), begin, id, true};
  };
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t character = std::min(character_size(text[begin]), text.size() - begin);
    const Number here = nodes[begin].sum;
    bool single = false;
    index.prefixes(text.substr(begin), [&](std::size_t size, std::int64_t id) {
      offer(begin, begin + size, id, score(id, size) + here);
      single = single || size == character;
    });
    if (!single) offer(begin, begin + character, -1, unknown + here);
    begin += character;
  }
  std::vector<TextPiece> pieces;
  for (std::size_t end = text.size(); end > 0; end = nodes[end].begin) {
    pieces.push_back({nodes[end].begin, end - nodes[end].begin, nodes[end].id});
  }
  std::reverse(pieces.begin(), pieces.end());
  return pieces;
}

}  // namespace mao::detail
