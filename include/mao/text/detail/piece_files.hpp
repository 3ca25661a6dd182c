// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The files of a SigLIP's tokenizer, read as the class of transformers reads them that the files name.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mao::detail {

/// A tokenizer that is ready to be used.
struct PieceEncoder {
  std::int64_t size = 0;                                     ///< pieces
  std::function<std::string(std::int64_t id)> piece{};
  std::function<std::vector<std::int64_t>(std::string_view text)> encode{};  ///< UTF-8 text, without the end token
  std::int64_t end = 1;
  std::int64_t padding = 1;
};

/// What spiece.model, tokenizer.model, tokenizer.json, or a folder with one of them says.
///
/// **Source** AutoTokenizer of transformers 5.24: `tokenizer_class` of tokenizer_config.json and `model_type` of
/// config.json name the class. SiglipTokenizer reads spiece.model; T5Tokenizer, GemmaTokenizer and Siglip2Tokenizer
/// take vocabulary and merges of tokenizer.json and have their own normalizer and pre-tokenizer; TokenizersBackend
/// takes tokenizer.json as it is. A model of SentencePiece of which nothing is said is read as SentencePiece does.
///
/// **Throws** FileError, FormatError, OptionError.
PieceEncoder read_piece_files(const std::filesystem::path& path);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/piece_files.ipp>
#endif
