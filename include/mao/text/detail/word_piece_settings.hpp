// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The files of a Hugging Face folder that say how a BERT's tokenizer reads text. Each setting is what WordPiece does,
/// known to be without effect, or refused by its key.
///
/// **Source** transformers 4.57 and 5.24, BertTokenizer and BertTokenizerFast; tokenizers 0.23, BertNormalizer.

#include <filesystem>

namespace mao {

/// Checks tokenizer_config.json, special_tokens_map.json, added_tokens.json and tokenizer.json of a folder, those that
/// are there.
///
/// **Throws** `OptionError` naming file, key and value of a setting that WordPiece does not have, such as one that
/// keeps upper case or accents; `FormatError` for a file that is not a JSON object.
void check_word_piece_settings(const std::filesystem::path& folder);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/word_piece_settings.ipp>
#endif
