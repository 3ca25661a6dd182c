// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How CLIP's tokenizers cut clean text into the pieces that byte-pair merging works on.

#include <string_view>
#include <vector>

#include <mao/text/clean.hpp>

namespace mao::detail {

inline constexpr std::u32string_view clip_start_text = U"<|startoftext|>";
inline constexpr std::u32string_view clip_end_text = U"<|endoftext|>";

/// How start and end are spelled in a text, and whether a long s counts as s where a literal is looked for.
struct PieceStyle {
  std::u32string_view start = clip_start_text;
  std::u32string_view end = clip_end_text;
  bool ignore_case = true;
};

/// `Either` as OpenAI's.
PieceStyle piece_style(TextCleaning cleaning);

/// Whether lower-case `text` begins with `literal`.
bool begins_with(std::u32string_view text, std::u32string_view literal, bool ignore_case);

/// Special tokens, contractions, runs of letters, single numbers and runs of anything else; white space is left out.
/// The pieces look into `text`, which must be lower case.
std::vector<std::u32string_view> clip_pieces(std::u32string_view text, const PieceStyle& style = {});

/// `text` cut before and behind each special token as it is spelled; no part is empty.
std::vector<std::u32string_view> split_at_specials(std::u32string_view text, const PieceStyle& style);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/clip_pieces.ipp>
#endif
