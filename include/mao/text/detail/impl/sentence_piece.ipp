// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/sentence_piece.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>
#include <mao/text/detail/heap_merges.hpp>

namespace mao::detail {

MAO_INLINE std::string byte_piece(unsigned byte) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  return {'<', '0', 'x', digits[byte >> 4], digits[byte & 15], '>'};
}

MAO_INLINE SentencePiece::SentencePiece(SentencePieceFile file, const std::string& where)
    : file_(std::move(file)), charsmap_(file_.charsmap, where), space_(file_.mark_spaces ? "\u2581" : " ") {
  std::vector<PieceIndex::Entry> words, reserved, own;
  lowest_ = std::numeric_limits<float>::max();
  highest_ = std::numeric_limits<float>::min();
  for (std::size_t i = 0; i < file_.pieces.size(); ++i) {
    const ScoredPiece& piece = file_.pieces[i];
    const auto entry = PieceIndex::entry(piece.text, static_cast<std::int64_t>(i));
    require<OptionError>(piece.kind != PieceKind::Unused, where, ": the piece '", printable(piece.text),
                         "' is marked as unused, which mao's tokenizer does not heed; remove the mark");
    const bool word = piece.kind == PieceKind::Normal || piece.kind == PieceKind::UserDefined;
    (word ? words : reserved).push_back(entry);
    if (piece.kind == PieceKind::UserDefined) own.push_back(entry);
    if (piece.kind != PieceKind::Normal) continue;
    lowest_ = std::min(lowest_, piece.score);
    highest_ = std::max(highest_, piece.score);
  }
  require<OptionError>(!file_.space_behind, where,
                       ": treat_whitespace_as_suffix is true, which mao's tokenizer does not do; expected false");
  words_ = PieceIndex(std::move(words));
  reserved_ = PieceIndex(std::move(reserved));
  own_ = PieceIndex(std::move(own));
  for (const PieceIndex* index : {&words_, &reserved_}) {
    const auto* const repeated = index->repeated();
    require<FormatError>(repeated == nullptr, where, ": the piece '", repeated ? printable(repeated->piece) : "",
                         "' stands twice in the vocabulary");
  }
  if (!file_.byte_fallback) return;
  for (unsigned byte = 0; byte < 256; ++byte) {
    byte_ids_.push_back(find(byte_piece(byte)));
    require<FormatError>(byte_ids_.back() >= 0, where, ": byte_fallback is true, but the piece ", byte_piece(byte),
                         " is missing");
  }
}

MAO_INLINE std::int64_t SentencePiece::find(std::string_view piece) const {
  const std::int64_t reserved = reserved_.find(piece);
  return reserved >= 0 ? reserved : words_.find(piece);
}

/// The first characters of `rest` (not empty) and what the normalizer makes of them.
MAO_INLINE Charsmap::Match SentencePiece::plain(std::string_view rest) const {
  std::size_t kept = 0;
  own_.prefixes(rest, [&kept](std::size_t size, std::int64_t) { kept = size; });
  if (kept > 0) return {kept, rest.substr(0, kept)};
  if (const auto match = charsmap_.longest(rest)) return *match;
  const std::size_t size = std::min(character_size(rest.front()), rest.size());
  return {size, rest.substr(0, size)};
}

MAO_INLINE std::string SentencePiece::normalize(std::string_view text) const {
  std::string result;
  const bool shrink = file_.remove_extra_spaces;
  while (shrink && !text.empty()) {
    const auto [size, meaning] = plain(text);
    if (meaning != " ") break;
    text.remove_prefix(size);
  }
  if (text.empty()) return result;
  if (file_.dummy_prefix) result = space_;
  for (bool after_space = shrink; !text.empty();) {
    auto [size, meaning] = plain(text);
    while (after_space && meaning.starts_with(' ')) meaning.remove_prefix(1);
    for (const char c : meaning) c == ' ' ? result.append(space_) : result.append(1, c);
    if (!meaning.empty()) after_space = shrink && meaning.ends_with(' ');
    text.remove_prefix(size);
  }
  while (shrink && result.ends_with(space_)) result.resize(result.size() - space_.size());
  return result;
}

MAO_INLINE std::vector<TextPiece> SentencePiece::unigram_pieces(std::string_view text) const {
  constexpr float unknown_penalty = 10;
  return most_probable<float>(text, words_, lowest_ - unknown_penalty, [this](std::int64_t id, std::size_t size) {
    const ScoredPiece& piece = file_.pieces[static_cast<std::size_t>(id)];
    const bool own = piece.kind == PieceKind::UserDefined;  // always preferred to what it is made of
    return own ? static_cast<float>(static_cast<double>(static_cast<float>(size) * highest_) - 0.1) : piece.score;
  });
}

MAO_INLINE std::vector<TextPiece> SentencePiece::merged_pieces(std::string_view text) const {
  std::vector<MergeSymbol> symbols;
  for (std::size_t begin = 0; begin < text.size();) {
    MergeSymbol symbol{.begin = begin, .size = std::min(character_size(text[begin]), text.size() - begin)};
    own_.prefixes(text.substr(begin), [&symbol](std::size_t size, std::int64_t) {
      symbol.size = size;
      symbol.fixed = true;
    });
    symbols.push_back(symbol);
    begin += symbol.size;
  }
  using Result = std::optional<MergeResult<float>>;
  merge_all<float>(symbols, [&](const MergeSymbol& left, const MergeSymbol& right) -> Result {
    const std::int64_t id = words_.find(text.substr(left.begin, left.size + right.size));
    if (id < 0) return std::nullopt;
    return MergeResult<float>{-file_.pieces[static_cast<std::size_t>(id)].score, id};
  });
  std::vector<TextPiece> pieces;
  for (const MergeSymbol& symbol : symbols) {
    if (symbol.size == 0) continue;
    const std::int64_t id = find(text.substr(symbol.begin, symbol.size));
    pieces.push_back({symbol.begin, symbol.size, id == file_.unknown_id ? -1 : id});
  }
  return pieces;
}

MAO_INLINE void SentencePiece::append_bytes(std::string_view text, Ids& ids) const {
  for (const char c : text) ids.push_back(byte_ids_[static_cast<unsigned char>(c)]);
}

MAO_INLINE SentencePiece::Ids SentencePiece::encode(std::string_view text) const {
  const std::string normalized = normalize(text);
  Ids ids;
  bool after_unknown = false;
  for (const TextPiece& piece : file_.unigram ? unigram_pieces(normalized) : merged_pieces(normalized)) {
    const bool unknown = piece.id < 0;
    if (unknown && file_.byte_fallback) {
      append_bytes(std::string_view(normalized).substr(piece.begin, piece.size), ids);
    } else if (!unknown || !after_unknown) {
      ids.push_back(unknown ? file_.unknown_id : piece.id);
    }
    after_unknown = unknown;
  }
  return ids;
}

}  // namespace mao::detail
