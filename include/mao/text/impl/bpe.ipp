// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/bpe.hpp>

#include <algorithm>

#include <mao/config.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>
#include <mao/text/detail/byte_symbols.hpp>
#include <mao/text/detail/tokenizer_settings.hpp>

namespace mao {

MAO_INLINE void ClipTokenizer::save_merges(const std::filesystem::path& path) const {
  require<OptionError>(clip_order_, "merges do not describe this vocabulary: its ids are not in CLIP's order");
  write_merges(merges_, path);
}

MAO_INLINE ClipTokenizer ClipTokenizer::load(const std::filesystem::path& path, std::optional<TextCleaning> cleaning) {
  detail::BpeFiles files = detail::read_bpe(path);
  if (!cleaning) cleaning = files.tokens.empty() ? TextCleaning::OpenAi : TextCleaning::HuggingFace;
  if (cleaning == TextCleaning::HuggingFace) {
    check_tokenizer_settings(std::filesystem::is_directory(path) ? path : path.parent_path());
  }
  return ClipTokenizer(std::move(files), text_of("'", path.string(), "'"), *cleaning);
}

MAO_INLINE std::vector<std::string> ClipTokenizer::clip_order(const MergeList& merges) {
  const auto& symbols = detail::byte_symbols();
  std::vector<std::string> tokens;
  tokens.reserve(merges.size() + 514);
  for (const char* suffix : {"", "</w>"}) {
    for (const unsigned char byte : symbols.order) tokens.push_back(symbols.symbol[byte] + suffix);
  }
  for (const auto& [left, right] : merges) tokens.push_back(left + right);
  tokens.push_back(encode_utf8(detail::clip_start_text));
  tokens.push_back(encode_utf8(detail::clip_end_text));
  return tokens;
}

MAO_INLINE std::int64_t ClipTokenizer::id_of(const TokenIds& ids, const std::string& token, const std::string& where) {
  const auto found = ids.find(token);
  require<FormatError>(found != ids.end(), where, ": the vocabulary lacks the token '", token,
                       "'; expected CLIP's byte symbols, start and end, and the parts and the result of every merge");
  return found->second;
}

MAO_INLINE ClipTokenizer::ClipTokenizer(detail::BpeFiles files, const std::string& where, TextCleaning cleaning)
    : merges_(std::move(files.merges)),
      tokens_(clip_order(merges_)),
      cleaning_(cleaning),
      style_(detail::piece_style(cleaning)) {
  clip_order_ = files.tokens.empty() || files.tokens == tokens_;
  if (!clip_order_) tokens_ = std::move(files.tokens);
  TokenIds ids;
  ids.reserve(tokens_.size());
  for (std::size_t i = 0; i < tokens_.size(); ++i) ids[tokens_[i]] = static_cast<std::int64_t>(i);
  const auto& symbols = detail::byte_symbols();
  for (std::size_t byte = 0; byte < 256; ++byte) {
    byte_ids_[byte] = id_of(ids, symbols.symbol[byte], where);
    last_byte_ids_[byte] = id_of(ids, symbols.symbol[byte] + "</w>", where);
  }
  pairs_.reserve(merges_.size());
  for (std::size_t rank = 0; rank < merges_.size(); ++rank) {
    const auto& [left, right] = merges_[rank];
    pairs_.add(id_of(ids, left, where), id_of(ids, right, where), rank, id_of(ids, left + right, where));
  }
  start_ = id_of(ids, encode_utf8(detail::clip_start_text), where);
  end_ = id_of(ids, encode_utf8(detail::clip_end_text), where);
}

MAO_INLINE void ClipTokenizer::append_piece(std::u32string_view piece, Ids& ids) const {
  if (piece == style_.start) return ids.push_back(start_);
  if (piece == style_.end) return ids.push_back(end_);
  const std::string bytes = encode_utf8(piece);
  Ids parts;
  parts.reserve(bytes.size());
  for (const char byte : bytes) parts.push_back(byte_ids_[static_cast<unsigned char>(byte)]);
  parts.back() = last_byte_ids_[static_cast<unsigned char>(bytes.back())];
  pairs_.apply(parts);
  ids.insert(ids.end(), parts.begin(), parts.end());
}

MAO_INLINE ClipTokenizer::Ids ClipTokenizer::encode_clean(std::string_view text) const {
  const std::u32string points = decode_utf8(clean_text(text));
  const auto pieces = detail::clip_pieces(points, style_);
  require<DataError>(
      cleaning_ != TextCleaning::Either ||
          pieces == detail::clip_pieces(points, detail::piece_style(TextCleaning::OpenClip)),
      "the text '", printable(text), "' holds the name of a special token, <|startoftext|> and <|endoftext|> to ",
      "OpenAI's tokenizer, <start_of_text> and <end_of_text> to open_clip's, and nothing says whose model "
      "this is: remove it, set ClipOptions::cleaning, or put open_clip_config.json beside the checkpoint");
  Ids ids;
  for (const auto piece : pieces) append_piece(piece, ids);
  return ids;
}

/// Files of a folder decide whether special tokens are looked for before the text is normalised or after; only a text
/// in which both find the same has ids.
MAO_INLINE ClipTokenizer::Ids ClipTokenizer::encode_normalized(std::string_view text) const {
  const std::u32string raw = decode_utf8(text), whole = normalized_text(raw);
  const auto is_special = [&](std::u32string_view part) { return part == style_.start || part == style_.end; };
  const auto before = detail::split_at_specials(raw, style_), after = detail::split_at_specials(whole, style_);
  const bool alike = std::equal(before.begin(), before.end(), after.begin(), after.end(), [&](auto left, auto right) {
    return is_special(left) == is_special(right) && normalized_text(left) == right;
  });
  require<DataError>(alike, "the text '", printable(text),
                     "' holds the name of a special token, <|startoftext|> or <|endoftext|>, in capitals or beside a "
                     "combining mark, which tokenizers of transformers read in different ways: remove it");
  Ids ids;
  for (const auto part : after) {
    for (const auto piece : detail::clip_pieces(part, style_)) append_piece(piece, ids);
  }
  return ids;
}

MAO_INLINE ClipTokenizer::Ids ClipTokenizer::row(std::string_view text, std::int64_t context_length,
                                                 bool truncate) const {
  require<OptionError>(context_length >= 2, "a row of ", context_length,
                       " tokens has no room for start and end: context_length must be 2 or more");
  const Ids ids = encode(text);
  const auto limit = static_cast<std::size_t>(context_length);
  require<DataError>(truncate || ids.size() + 2 <= limit, "the text '", printable(text), "' has ", ids.size() + 2,
                     " tokens with start and end, but the context length is ", context_length,
                     ": shorten the text or ask for truncation");
  Ids row(limit, 0);
  const std::size_t kept = std::min(ids.size(), limit - 2);
  row[0] = start_;
  std::copy_n(ids.begin(), kept, row.begin() + 1);
  row[kept + 1] = end_;
  return row;
}

MAO_INLINE std::string ClipTokenizer::decode(std::span<const std::int64_t> ids) const {
  std::string bytes;
  for (const std::int64_t id : ids) {
    require<DataError>(id >= 0 && id < size(), "token id ", id, " is outside the vocabulary of ", size(), " tokens");
    const std::string& token = tokens_[static_cast<std::size_t>(id)];
    const bool ends_word = std::string_view(token).ends_with("</w>");
    for (const char32_t c : decode_utf8(std::string_view(token).substr(0, token.size() - (ends_word ? 4 : 0)))) {
      const auto found = detail::byte_symbols().byte_of.find(c);
      if (found != detail::byte_symbols().byte_of.end()) bytes += static_cast<char>(found->second);
    }
    if (ends_word) bytes += ' ';
  }
  return encode_utf8(decode_utf8(bytes));
}

}  // namespace mao
