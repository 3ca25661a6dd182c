// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/piece_settings.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>
#include <mao/io/files.hpp>
#include <mao/text/detail/text_steps.hpp>
#include <mao/text/detail/vocabulary_json.hpp>

namespace mao::detail {

inline constexpr std::array piece_roles = {"eos_token", "bos_token", "unk_token", "pad_token",
                                           "sep_token", "cls_token", "mask_token"};

/// Keys of tokenizer_config.json that change no id of a text.
inline constexpr std::array idle_piece_keys = {"__type",
                                               "auto_map",
                                               "backend",
                                               "chat_template",
                                               "clean_up_tokenization_spaces",
                                               "feature_extractor_type",
                                               "image_processor_type",
                                               "is_local",
                                               "local_files_only",
                                               "max_length",
                                               "model_input_names",
                                               "model_max_length",
                                               "name_or_path",
                                               "pad_to_multiple_of",
                                               "pad_token_id",
                                               "pad_token_type_id",
                                               "padding",
                                               "processor_class",
                                               "spaces_between_special_tokens",
                                               "special_tokens_map_file",
                                               "stride",
                                               "tokenizer_file",
                                               "truncation",
                                               "truncation_strategy",
                                               "use_default_system_prompt",
                                               "use_fast",
                                               "vocab_file"};

/// Keys that are read here or by the reader of the files.
inline constexpr std::array heeded_piece_keys = {"tokenizer_class",
                                                 "padding_side",
                                                 "truncation_side",
                                                 "split_special_tokens",
                                                 "do_lower_case",
                                                 "add_bos_token",
                                                 "add_eos_token",
                                                 "unk_id",
                                                 "legacy",
                                                 "sp_model_kwargs",
                                                 "extra_ids",
                                                 "additional_special_tokens",
                                                 "added_tokens_decoder",
                                                 "extra_special_tokens",
                                                 "add_prefix_space"};

/// A quick look at a large text: brackets no deeper than any tokenizer's file has them.
MAO_INLINE bool is_shallow(std::string_view text) {
  constexpr int deepest = 32;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) i += text[i] == '\\' ? 1 : 0;
    } else if (text[i] == '{' || text[i] == '[') {
      if (++depth > deepest) return false;
    } else if (text[i] == '}' || text[i] == ']') {
      --depth;
    }
  }
  return true;
}

MAO_INLINE nlohmann::json read_json_object(const std::filesystem::path& path) {
  const std::string where = "'" + escaped(path.string()) + "'";
  const std::string text = read_text_file(path);
  require<FormatError>(is_shallow(text), where, " nests its values deeper than any tokenizer's file does");
  nlohmann::json json = parse_json(text, where, "a file of a tokenizer");
  require<FormatError>(json.is_object(), where, " is not a JSON object; expected a file of a tokenizer");
  return json;
}

MAO_INLINE AddedPiece read_added_piece(const nlohmann::json& entry, const std::string& where) {
  AddedPiece piece;
  piece.special = true;
  if (entry.is_string()) {
    piece.text = entry.get<std::string>();
    return piece;
  }
  require<FormatError>(entry.is_object() && entry.contains("content") && entry["content"].is_string(), where,
                       ": an added token has no text 'content'");
  expect_token_flags(entry, where);
  piece.text = entry["content"].get<std::string>();
  piece.id = value_or<std::int64_t>(entry, "id", -1);
  piece.special = value_or(entry, "special", false);
  piece.normalized = value_or(entry, "normalized", !piece.special);
  piece.strips_left = value_or(entry, "lstrip", false);
  piece.strips_right = value_or(entry, "rstrip", false);
  require<OptionError>(!value_or(entry, "single_word", false), where, ": single_word is true for the added token '",
                       printable(piece.text), "', which mao's tokenizer does not do; expected false");
  return piece;
}

MAO_INLINE std::string PieceSettings::token(const std::string& role, const std::string& otherwise) const {
  const auto has_role = [&role](const RoleToken& token) { return token.role == role; };
  const auto found = std::find_if(roles.begin(), roles.end(), has_role);
  return found == roles.end() ? otherwise : found->piece.text;
}

MAO_INLINE PieceClass piece_class(std::string name, const std::string& model_type, const std::string& where) {
  if (name.ends_with("Fast") && name != "PreTrainedTokenizerFast") name.resize(name.size() - 4);
  if (model_type == "siglip2") return PieceClass::Siglip2;
  if (name.empty()) return model_type == "siglip" ? PieceClass::Siglip : PieceClass::Unstated;
  constexpr std::array<std::pair<const char*, PieceClass>, 6> known = {{
      {"SiglipTokenizer", PieceClass::Siglip},
      {"T5Tokenizer", PieceClass::T5},
      {"GemmaTokenizer", PieceClass::Gemma},
      {"Siglip2Tokenizer", PieceClass::Siglip2},
      {"TokenizersBackend", PieceClass::AsItIs},
      {"PreTrainedTokenizerFast", PieceClass::AsItIs},
  }};
  const auto found = std::find_if(known.begin(), known.end(), [&](const auto& entry) { return entry.first == name; });
  require<OptionError>(found != known.end(), where, "tokenizer_class is ", printable(name),
                       ", which mao does not read here; expected SiglipTokenizer, Siglip2Tokenizer, GemmaTokenizer, "
                       "T5Tokenizer, PreTrainedTokenizerFast or TokenizersBackend");
  return found->second;
}

MAO_INLINE void check_piece_settings(const PieceSettings& settings) {
  expect_loadable_config(settings.values, settings.where);
  const auto expect = [&](const char* key, std::initializer_list<nlohmann::json> accepted) {
    if (!settings.values.contains(key)) return;
    if (std::find(accepted.begin(), accepted.end(), settings.values[key]) != accepted.end()) return;
    refuse_section(settings.values[key], settings.where + key, accepted.begin()->dump());
  };
  expect("padding_side", {"right"});
  expect("truncation_side", {"right"});
  expect("split_special_tokens", {false});
  expect("sp_model_kwargs", {nlohmann::json::object(), nullptr});
  expect("add_bos_token", {false, nullptr});
  expect("add_eos_token", {true, nullptr});
  expect("unk_id", {2, nullptr});  // of T5Tokenizer, which has no other
  const auto expect_value = [&](const char* key) {
    if (!settings.values.contains(key) || !settings.values[key].is_null()) return;
    refuse_section(settings.values[key], settings.where + key, "a value, or no such key: transformers stops at a null");
  };
  if (settings.reader != PieceClass::Unstated && settings.reader != PieceClass::AsItIs) {
    for (const char* key : {"eos_token", "pad_token", "unk_token", "extra_ids"}) expect_value(key);
  }
  for (const auto& [key, value] : settings.values.items()) {
    const auto is_key = [&name = key](const auto& known) { return name == known; };
    const bool known = std::any_of(idle_piece_keys.begin(), idle_piece_keys.end(), is_key) ||
                       std::any_of(heeded_piece_keys.begin(), heeded_piece_keys.end(), is_key) ||
                       std::any_of(piece_roles.begin(), piece_roles.end(), is_key);
    if (!known) refuse_section(value, settings.where + key, "no such key; remove it if it changes nothing");
  }
}

/// What stands in one of the files under the keys of special tokens. A later file does not replace an earlier one.
MAO_INLINE void read_special_tokens(const nlohmann::json& values, PieceSettings& settings) {
  for (const char* role : piece_roles) {
    if (!values.contains(role) || values[role].is_null() || !settings.token(role, "").empty()) continue;
    AddedPiece piece = read_added_piece(values[role], settings.where + role);
    piece.special = true;
    piece.normalized = value_or(values[role], "normalized", false);
    settings.roles.push_back({role, std::move(piece)});
  }
  for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
    if (!values.contains(key) || !values[key].is_structured()) continue;
    for (const auto& entry : values[key]) {
      AddedPiece piece = read_added_piece(entry, settings.where + key);
      piece.special = true;
      settings.extra.push_back(std::move(piece));
    }
  }
}

MAO_INLINE void read_added_decoder(PieceSettings& settings) {
  const std::string key = "added_tokens_decoder";
  settings.states_added = settings.values.contains(key);
  if (!settings.states_added) return;
  const auto& decoder = settings.values[key];
  require<FormatError>(decoder.is_object(), settings.where, key, " is not a JSON object");
  for (const auto& [id, entry] : decoder.items()) {
    AddedPiece piece = read_added_piece(entry, settings.where + key);
    const bool digits =
        !id.empty() && id.size() < 10 && std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
    require<FormatError>(digits, settings.where, key, ": '", printable(id), "' is not an id");
    piece.id = std::atoll(id.c_str());
    settings.added.push_back(std::move(piece));
  }
  std::sort(settings.added.begin(), settings.added.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
}

MAO_INLINE PieceSettings read_piece_settings(const std::filesystem::path& folder) {
  PieceSettings settings;
  const auto config = folder / "tokenizer_config.json", model = folder / "config.json";
  settings.where = escaped(config.string()) + ": ";
  if (std::filesystem::exists(config)) settings.values = read_json_object(config);
  const auto type =
      std::filesystem::exists(model) ? value_or<std::string>(read_json_object(model), "model_type", "") : "";
  settings.reader = piece_class(value_or<std::string>(settings.values, "tokenizer_class", ""), type, settings.where);
  check_piece_settings(settings);
  read_added_decoder(settings);
  const auto specials = folder / "special_tokens_map.json", older = folder / "added_tokens.json";
  if (!settings.states_added && std::filesystem::exists(specials)) {
    read_special_tokens(read_json_object(specials), settings);
  }
  read_special_tokens(settings.values, settings);
  if (settings.states_added) return settings;
  require<OptionError>(!std::filesystem::exists(older) || read_json_object(older).empty(), escaped(older.string()),
                       " adds tokens, which mao reads from added_tokens_decoder of tokenizer_config.json alone; save "
                       "the tokenizer with a current transformers");
  return settings;
}

}  // namespace mao::detail
