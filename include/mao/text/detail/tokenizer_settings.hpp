// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The files of a Hugging Face folder that say how a CLIP's tokenizer reads text. Each setting is what ClipTokenizer
/// does, known to be without effect, or refused by its key.
///
/// **Source** transformers 5.24, CLIPTokenizer and TokenizersBackend. Settings that release 4 heeds and release 5 does
/// not are refused where they are not CLIP's.

#include <filesystem>

namespace mao {

/// Checks tokenizer_config.json, special_tokens_map.json, added_tokens.json and tokenizer.json of a folder, those that
/// are there.
///
/// **Throws** `OptionError` naming file, key and value of a setting that ClipTokenizer does not have, `FormatError` for
/// a file that is not a JSON object.
void check_tokenizer_settings(const std::filesystem::path& folder);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/tokenizer_settings.ipp>
#endif
