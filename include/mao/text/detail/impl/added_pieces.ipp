// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/added_pieces.hpp>

#include <algorithm>
#include <utility>

#include <mao/config.hpp>
#include <mao/text/detail/unicode.hpp>

namespace mao::detail {

MAO_INLINE AddedPieces::AddedPieces(std::vector<AddedPiece> pieces) : pieces_(std::move(pieces)) {
  std::vector<PieceIndex::Entry> entries;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    if (!pieces_[i].text.empty()) entries.push_back(PieceIndex::entry(pieces_[i].text, static_cast<std::int64_t>(i)));
  }
  index_ = PieceIndex(std::move(entries));
}

/// `text` without white space at its beginning.
MAO_INLINE std::string_view stripped_left(std::string_view text, bool (*is_space)(char32_t)) {
  for (std::string_view rest = text; !text.empty() && is_space(take_code_point(rest));) text = rest;
  return text;
}

MAO_INLINE std::string_view stripped_right(std::string_view text, bool (*is_space)(char32_t)) {
  std::size_t kept = 0;
  for (std::string_view rest = text; !rest.empty();) {
    if (!is_space(take_code_point(rest))) kept = text.size() - rest.size();
  }
  return text.substr(0, kept);
}

MAO_INLINE std::vector<TextSegment> AddedPieces::split(std::string_view text, bool (*is_space)(char32_t)) const {
  std::vector<TextSegment> segments;
  const auto add = [&segments](std::string_view part, std::int64_t id) {
    if (!part.empty()) segments.push_back({part, id});
  };
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size() && !index_.empty();) {
    std::int64_t found = -1;
    index_.prefixes(text.substr(at), [&found](std::size_t, std::int64_t place) { found = place; });
    if (found < 0) {
      ++at;
      continue;
    }
    const AddedPiece& piece = pieces_[static_cast<std::size_t>(found)];
    const auto before = text.substr(begin, at - begin);
    add(piece.strips_left ? stripped_right(before, is_space) : before, -1);
    add(text.substr(at, piece.text.size()), piece.id);
    at += piece.text.size();
    if (piece.strips_right) at = text.size() - stripped_left(text.substr(at), is_space).size();
    begin = at;
  }
  add(text.substr(begin), -1);
  return segments;
}

}  // namespace mao::detail
