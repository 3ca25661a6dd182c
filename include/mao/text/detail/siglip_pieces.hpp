// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the SiglipTokenizer of transformers does around SentencePiece.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <mao/text/detail/added_pieces.hpp>
#include <mao/text/detail/sentence_piece.hpp>

namespace mao::detail {

/// `text` without ASCII punctuation, in lower case, runs of white space as one space. With `underscores`, they become
/// spaces first, as in open_clip; transformers removes them.
std::u32string canonical_text(std::u32string_view text, bool underscores, bool lower = true);

/// Cuts out special tokens, makes the rest canonical, and puts the mark of a space in front of the text, which
/// SentencePiece does not strip behind the unknown token that is put before it and taken off the result.
///
/// **Source** transformers 5.24, SiglipTokenizer.
class SiglipPieces {
 public:
  SiglipPieces(std::shared_ptr<const SentencePiece> model, std::vector<AddedPiece> added, std::string unknown,
               bool lower);

  [[nodiscard]] std::vector<std::int64_t> encode(std::string_view text) const;

 private:
  [[nodiscard]] std::vector<std::int64_t> encode_part(std::string_view text) const;

  std::shared_ptr<const SentencePiece> model_;
  AddedPieces added_;
  std::string unknown_;
  std::size_t unknown_length_;
  bool lower_;
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/siglip_pieces.ipp>
#endif
