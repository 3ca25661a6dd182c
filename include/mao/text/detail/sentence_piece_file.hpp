// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The file that SentencePiece writes (spiece.model, tokenizer.model): a protocol buffer of pieces and settings.
///
/// **Source** sentencepiece_model.proto of SentencePiece 0.2.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mao::detail {

enum class PieceKind : std::uint8_t { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

struct ScoredPiece {
  std::string text;
  float score = 0;
  PieceKind kind = PieceKind::Normal;
};

/// What of the file an id depends on. The defaults are those of the format.
struct SentencePieceFile {
  std::vector<ScoredPiece> pieces{};
  bool unigram = true;  ///< else byte-pair merges
  bool byte_fallback = false;
  bool space_behind = false;  ///< the mark of a space stands behind a word
  std::int64_t unknown_id = 0;
  std::string end_piece = "</s>";
  std::string padding_piece = "<pad>";
  std::string charsmap{};
  bool dummy_prefix = true;
  bool remove_extra_spaces = true;
  bool mark_spaces = true;  ///< a space becomes U+2581
};

/// **Throws** FormatError that names `where` for bytes that are something else or damaged, OptionError for a kind of
/// model that is not read.
SentencePieceFile parse_sentence_piece(std::string_view bytes, const std::string& where);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/sentence_piece_file.ipp>
#endif
