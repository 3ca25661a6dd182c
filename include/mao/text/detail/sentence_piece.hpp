// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// SentencePiece's encoder: normalizes a text and cuts it into pieces, by a unigram model or by byte-pair merges.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <mao/text/detail/charsmap.hpp>
#include <mao/text/detail/piece_index.hpp>
#include <mao/text/detail/sentence_piece_file.hpp>
#include <mao/text/detail/unigram.hpp>

namespace mao::detail {

/// The piece that stands for a byte: `<0x0A>`.
std::string byte_piece(unsigned byte);

/// **Source** SentencePiece 0.2.
class SentencePiece {
 public:
  using Ids = std::vector<std::int64_t>;

  /// **Throws** FormatError that names `where` for pieces that stand twice, or a character map that is damaged.
  SentencePiece(SentencePieceFile file, const std::string& where);
  SentencePiece(const SentencePiece&) = delete;
  SentencePiece& operator=(const SentencePiece&) = delete;

  /// The ids of UTF-8 text.
  [[nodiscard]] Ids encode(std::string_view text) const;

  /// What the model sees of a text.
  [[nodiscard]] std::string normalize(std::string_view text) const;

  /// The id of a piece of any kind; -1: there is none.
  [[nodiscard]] std::int64_t find(std::string_view piece) const;

  [[nodiscard]] const SentencePieceFile& file() const { return file_; }

 private:
  [[nodiscard]] Charsmap::Match plain(std::string_view rest) const;
  [[nodiscard]] std::vector<TextPiece> unigram_pieces(std::string_view text) const;
  [[nodiscard]] std::vector<TextPiece> merged_pieces(std::string_view text) const;
  void append_bytes(std::string_view text, Ids& ids) const;
  [[nodiscard]] PieceKind kind(std::int64_t id) const { return file_.pieces[static_cast<std::size_t>(id)].kind; }

  SentencePieceFile file_;
  Charsmap charsmap_;
  PieceIndex words_;     // pieces that a text is made of
  PieceIndex reserved_;  // unknown, control and byte pieces
  PieceIndex own_;       // user-defined pieces, which no rule changes
  std::string space_;
  float lowest_ = 0, highest_ = 0;  // scores
  std::vector<std::int64_t> byte_ids_;
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/sentence_piece.ipp>
#endif
