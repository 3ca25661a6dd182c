// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/piece_tokenizer.hpp>

#include <array>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>
#include <mao/text/clean.hpp>
#include <mao/text/detail/lower_case.hpp>
#include <mao/text/detail/siglip_pieces.hpp>
#include <mao/text/detail/unicode.hpp>

namespace mao::detail {

MAO_INLINE std::string cleaned_for_pieces(std::string_view text, PieceCleaning cleaning) {
  switch (cleaning) {
    case PieceCleaning::Whitespace:
      return encode_utf8(spaced_text(text));
    case PieceCleaning::Lower:
      return clean_text(text);
    case PieceCleaning::Canonicalize:
      return encode_utf8(canonical_text(spaced_text(text), true));
    case PieceCleaning::Transformers:
      break;
  }
  return is_utf8(text) ? std::string(text) : encode_utf8(decode_utf8(text));
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE std::string_view name_of(PieceCleaning cleaning) {
  constexpr std::array<std::string_view, 4> names = {"transformers", "whitespace", "lower", "canonicalize"};
  return names[static_cast<std::size_t>(cleaning)];
}

MAO_INLINE PieceCleaning piece_cleaning(std::string_view name) {
  for (const auto cleaning : {PieceCleaning::Transformers, PieceCleaning::Whitespace, PieceCleaning::Lower,
                              PieceCleaning::Canonicalize}) {
    if (name_of(cleaning) == name) return cleaning;
  }
  throw OptionError(text_of("the cleaning of texts is '", printable(name),
                                    "'; expected canonicalize, lower, whitespace or transformers"));
}

MAO_INLINE PieceTokenizer::PieceTokenizer(detail::PieceEncoder encoder, const PieceOptions& options)
    : end_(encoder.end), padding_(options.padding_token.value_or(encoder.padding)), cleaning_(options.cleaning) {
  require<OptionError>(padding_ >= 0 && padding_ < encoder.size, "the padding token is ", padding_,
                       ", but the vocabulary has ", encoder.size, " pieces");
  encoder_ = std::make_shared<const detail::PieceEncoder>(std::move(encoder));
}

MAO_INLINE PieceTokenizer PieceTokenizer::load(const std::filesystem::path& path, const PieceOptions& options) {
  return PieceTokenizer(detail::read_piece_files(path), options);
}

MAO_INLINE PieceTokenizer::Ids PieceTokenizer::encode(std::string_view text) const {
  return encoder_->encode(detail::cleaned_for_pieces(text, cleaning_));
}

MAO_INLINE PieceTokenizer::Ids PieceTokenizer::row(std::string_view text, std::int64_t context_length,
                                                   bool truncate) const {
  require<OptionError>(context_length > 0, "context_length is ", context_length, ", but the end token alone takes 1");
  Ids ids = encode(text);
  const std::int64_t most = context_length - 1, length = std::ssize(ids);
  require<DataError>(truncate || length <= most, "\"", printable(text), "\" has ", length + 1,
                     " tokens with the end token, the model takes ", context_length, "; shorten it");
  ids.resize(static_cast<std::size_t>(std::min(length, most)));
  ids.push_back(end_);
  ids.resize(static_cast<std::size_t>(context_length), padding_);
  return ids;
}

MAO_INLINE std::string PieceTokenizer::piece(std::int64_t id) const {
  require<OptionError>(id >= 0 && id < size(), "token id ", id, " is outside the vocabulary of ", size(), " pieces");
  return encoder_->piece(id);
}

}  // namespace mao
