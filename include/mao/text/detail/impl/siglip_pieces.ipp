// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/siglip_pieces.hpp>

#include <utility>

#include <mao/config.hpp>
#include <mao/text/clean.hpp>
#include <mao/text/detail/lower_case.hpp>
#include <mao/text/detail/text_steps.hpp>
#include <mao/text/detail/unicode.hpp>

namespace mao::detail {

/// Python's `string.punctuation`.
MAO_INLINE bool is_ascii_punctuation(char32_t c) {
  return (c > 0x20 && c < 0x7F) && !(c >= U'0' && c <= U'9') && !(c >= U'A' && c <= U'Z') && !(c >= U'a' && c <= U'z');
}

MAO_INLINE std::u32string canonical_text(std::u32string_view text, bool underscores, bool lower) {
  std::u32string kept;
  kept.reserve(text.size());
  // transformers makes the text lower case before punctuation goes, open_clip after it: a final sigma may differ.
  for (const char32_t c : lower && !underscores ? lower_case(text) : std::u32string(text)) {
    if (underscores && c == U'_') {
      kept += U' ';
    } else if (!is_ascii_punctuation(c)) {
      kept += c;
    }
  }
  return with_single_spaces(lower && underscores ? lower_case(kept) : kept);
}

MAO_INLINE SiglipPieces::SiglipPieces(std::shared_ptr<const SentencePiece> model, std::vector<AddedPiece> added,
                                      std::string unknown, bool lower)
    : model_(std::move(model)),
      added_(std::move(added)),
      unknown_(std::move(unknown)),
      unknown_length_(model_->encode(unknown_).size()),
      lower_(lower) {}

MAO_INLINE std::vector<std::int64_t> SiglipPieces::encode_part(std::string_view text) const {
  const std::string canonical = encode_utf8(canonical_text(decode_utf8(text), false, lower_));
  auto ids = model_->encode(unknown_ + canonical);
  if (ids.size() >= unknown_length_) ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(unknown_length_));
  return ids;
}

MAO_INLINE std::vector<std::int64_t> SiglipPieces::encode(std::string_view text) const {
  const std::string marked = std::string(space_mark) + replace_step(std::string(space_mark), " ")(text);
  std::vector<std::int64_t> ids;
  bool mark_alone = false;
  for (const TextSegment& segment : added_.split(marked, &is_space)) {
    if (segment.id < 0) {
      const auto part = encode_part(segment.text);
      mark_alone = ids.empty() && part.size() == 1 && part.front() == model_->find(space_mark);
      ids.insert(ids.end(), part.begin(), part.end());
    } else {
      if (mark_alone && ids.size() == 1) ids.clear();
      ids.push_back(segment.id);
    }
  }
  return ids;
}

}  // namespace mao::detail
