// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/word_piece_settings.hpp>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/text/detail/text_steps.hpp>
#include <mao/text/detail/vocabulary_json.hpp>

namespace mao::detail {

/// One of those files, or an object in it.
class WordPieceFile {
 public:
  WordPieceFile(nlohmann::json values, std::string where) : values_(std::move(values)), where_(std::move(where)) {
    require<FormatError>(values_.is_object(), where_, " is not a JSON object");
  }

  /// **Throws** `OptionError` unless the key is missing or its value is one of `accepted`.
  void expect(const std::string& key, std::initializer_list<nlohmann::json> accepted) const {
    if (!values_.contains(key) || std::find(accepted.begin(), accepted.end(), values_[key]) != accepted.end()) return;
    refuse(key, accepted.begin()->dump());
  }

  /// The token of a role, a text or an object with `content`.
  void expect_token(const std::string& key, const std::string& token) const {
    if (!values_.contains(key)) return;
    const auto& value = values_[key];
    if (value == token || is_plain_token(value, token)) return;
    refuse(key, token);
  }

  /// Tokens beside the words: a list or an object of objects with `content`, or a list of texts.
  void expect_tokens(const std::string& key) const {
    if (!values_.contains(key) || values_[key].is_null()) return;
    const auto is_known = [](const nlohmann::json& each) {
      return std::any_of(tokens.begin(), tokens.end(),
                         [&](const char* token) { return each == token || is_plain_token(each, token); });
    };
    const auto& value = values_[key];
    if (!value.is_structured() || !std::all_of(value.begin(), value.end(), is_known)) {
      refuse(key, "no token but [PAD], [UNK], [CLS], [SEP] and [MASK], which are found in the text as it is");
    }
  }

  /// The object of a part, whose `type` says what it does. **Throws** `OptionError` when it is not there.
  [[nodiscard]] WordPieceFile part(const std::string& key, std::initializer_list<nlohmann::json> types) const {
    if (!values_.contains(key) || !values_[key].is_object() || !values_[key].contains("type")) {
      refuse(key, "an object of type " + types.begin()->dump());
    }
    WordPieceFile result(values_[key], where_ + key + ".");
    result.expect("type", types);
    return result;
  }

  [[noreturn]] void refuse(const std::string& key, const std::string& expected) const {
    std::string value = "missing";
    if (values_.contains(key)) value = values_[key].dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (value.size() > 200) value = value.substr(0, 197) + "...";
    throw OptionError(text_of(where_, key, " is ", value, ", which mao's WordPiece does not do; expected ", expected));
  }

  [[nodiscard]] const nlohmann::json& values() const { return values_; }
  [[nodiscard]] const std::string& where() const { return where_; }

  static constexpr std::array tokens = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

 private:
  /// A token that takes no white space with it and stands for itself.
  static bool is_plain_token(const nlohmann::json& value, const std::string& token) {
    if (!value.is_object() || !value.contains("content") || value["content"] != token) return false;
    return std::none_of(flags.begin(), flags.end(),
                        [&](const char* flag) { return value.contains(flag) && value[flag] != false; });
  }
  static constexpr std::array flags = {"single_word", "lstrip", "rstrip", "normalized"};

  nlohmann::json values_;
  std::string where_;
};

/// Keys that change no id of a text.
inline constexpr std::array idle_word_piece_keys = {"__type",
                                                    "_commit_hash",
                                                    "auto_map",
                                                    "backend",
                                                    "clean_up_tokenization_spaces",
                                                    "from_slow",
                                                    "is_local",
                                                    "legacy",
                                                    "local_files_only",
                                                    "max_len",
                                                    "max_length",
                                                    "model_input_names",
                                                    "model_max_length",
                                                    "name_or_path",
                                                    "pad_to_multiple_of",
                                                    "pad_token_type_id",
                                                    "padding",
                                                    "processor_class",
                                                    "special_tokens_map_file",
                                                    "stride",
                                                    "tokenizer_file",
                                                    "truncation",
                                                    "truncation_strategy",
                                                    "use_fast",
                                                    "vocab_file"};

MAO_INLINE void check_word_piece_roles(const WordPieceFile& file) {
  file.expect_token("pad_token", "[PAD]");
  file.expect_token("unk_token", "[UNK]");
  file.expect_token("cls_token", "[CLS]");
  file.expect_token("sep_token", "[SEP]");
  file.expect_token("mask_token", "[MASK]");
  for (const char* key : {"additional_special_tokens", "extra_special_tokens", "added_tokens_decoder"}) {
    file.expect_tokens(key);
  }
}

MAO_INLINE void check_word_piece_config(const WordPieceFile& file) {
  expect_loadable_config(file.values(), file.where());
  file.expect("tokenizer_class", {"BertTokenizer", "BertTokenizerFast", nullptr});
  file.expect("do_lower_case", {true});
  file.expect("strip_accents", {nullptr, true});
  file.expect("tokenize_chinese_chars", {true});
  file.expect("do_basic_tokenize", {true});
  file.expect("never_split", {nullptr, nlohmann::json::array()});
  file.expect("split_special_tokens", {false});
  file.expect("padding_side", {"right"});
  file.expect("truncation_side", {"right"});
  check_word_piece_roles(file);
  static constexpr std::array checked = {"tokenizer_class",
                                         "do_lower_case",
                                         "strip_accents",
                                         "tokenize_chinese_chars",
                                         "do_basic_tokenize",
                                         "never_split",
                                         "padding_side",
                                         "truncation_side",
                                         "split_special_tokens",
                                         "pad_token",
                                         "unk_token",
                                         "cls_token",
                                         "sep_token",
                                         "mask_token",
                                         "bos_token",
                                         "added_tokens_decoder",
                                         "eos_token",
                                         "extra_special_tokens",
                                         "additional_special_tokens"};
  for (const char* key : {"bos_token", "eos_token"}) file.expect(key, {nullptr});
  for (const auto& [key, value] : file.values().items()) {
    const auto is_key = [&name = key](const auto& known) { return name == known; };
    const bool known = std::any_of(checked.begin(), checked.end(), is_key) ||
                       std::any_of(idle_word_piece_keys.begin(), idle_word_piece_keys.end(), is_key);
    if (!known) file.refuse(key, "keys of BertTokenizer; remove this one if it changes nothing");
  }
}

MAO_INLINE void check_word_piece_json(const WordPieceFile& file) {
  expect_loadable_tokenizer(file.values(), file.where());
  const WordPieceFile normalizer = file.part("normalizer", {"BertNormalizer"}),
                      model = file.part("model", {"WordPiece"}),
                      ends = file.part("post_processor", {"TemplateProcessing", "BertProcessing"});
  static_cast<void>(file.part("pre_tokenizer", {"BertPreTokenizer"}));
  normalizer.expect("clean_text", {true});
  normalizer.expect("handle_chinese_chars", {true});
  normalizer.expect("strip_accents", {nullptr, true});
  normalizer.expect("lowercase", {true});
  const auto token = [](const char* kind, const char* id) {
    return nlohmann::json{{kind, {{"id", id}, {"type_id", 0}}}};
  };
  const auto row =
      nlohmann::json::array({token("SpecialToken", "[CLS]"), token("Sequence", "A"), token("SpecialToken", "[SEP]")});
  ends.expect("single", {row});
  file.expect_tokens("added_tokens");
  model.expect("unk_token", {"[UNK]"});
  model.expect("continuing_subword_prefix", {"##"});
  model.expect("max_input_chars_per_word", {100});
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE void check_word_piece_settings(const std::filesystem::path& folder) {
  const auto with = [&](const char* name, const auto& check) {
    const auto path = folder / name;
    if (!std::filesystem::exists(path)) return;
    check(detail::WordPieceFile(detail::read_json(path), path.string() + ": "));
  };
  with("tokenizer_config.json", &detail::check_word_piece_config);
  with("special_tokens_map.json", &detail::check_word_piece_roles);
  with("added_tokens.json", [](const detail::WordPieceFile& file) {
    for (const auto& [token, id] : file.values().items()) {
      const auto& known = detail::WordPieceFile::tokens;
      if (std::find(known.begin(), known.end(), token) == known.end()) file.refuse(token, "no added token");
    }
  });
  with("tokenizer.json", &detail::check_word_piece_json);
}

}  // namespace mao
