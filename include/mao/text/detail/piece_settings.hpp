// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The files of a folder that say how a SigLIP's tokenizer reads text: tokenizer_config.json, special_tokens_map.json,
/// config.json.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/text/detail/added_pieces.hpp>

namespace mao::detail {

/// The class of transformers that reads the tokenizer's files.
enum class PieceClass {
  Unstated,    ///< no file names one
  Siglip,      ///< SiglipTokenizer
  T5,          ///< T5Tokenizer
  Gemma,       ///< GemmaTokenizer
  Siglip2,     ///< Siglip2Tokenizer
  AsItIs,      ///< TokenizersBackend, PreTrainedTokenizerFast
};

/// A token with a role, such as `eos_token`.
struct RoleToken {
  std::string role;
  AddedPiece piece;
};

struct PieceSettings {
  PieceClass reader = PieceClass::Unstated;
  nlohmann::json values = nlohmann::json::object();  ///< of tokenizer_config.json
  std::vector<AddedPiece> added{};                   ///< `added_tokens_decoder`, in the order of the ids
  bool states_added = false;                         ///< whether that key is there
  std::vector<RoleToken> roles{};                    ///< `eos_token` and the like, those that are stated
  std::vector<AddedPiece> extra{};                   ///< further special tokens
  std::string where{};                               ///< for messages

  /// The token of a role as the files state it, else `otherwise`.
  [[nodiscard]] std::string token(const std::string& role, const std::string& otherwise) const;
};

/// **Throws** OptionError for a setting that mao's tokenizer does not have, FormatError for a file that is not a
/// JSON object.
PieceSettings read_piece_settings(const std::filesystem::path& folder);

/// An entry of `added_tokens` or `added_tokens_decoder`, or a text. **Throws** FormatError, OptionError.
AddedPiece read_added_piece(const nlohmann::json& entry, const std::string& where);

/// The JSON object in a file that may be large. **Throws** FileError, FormatError.
nlohmann::json read_json_object(const std::filesystem::path& path);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/piece_settings.ipp>
#endif
