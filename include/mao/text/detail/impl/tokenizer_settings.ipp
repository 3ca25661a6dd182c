// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/tokenizer_settings.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/io/json_text.hpp>
#include <mao/text/detail/text_steps.hpp>
#include <mao/text/detail/vocabulary_json.hpp>

namespace mao::detail {

/// One of those files.
class TokenizerSettings {
 public:
  TokenizerSettings(nlohmann::json values, std::string where) : values_(std::move(values)), where_(std::move(where)) {
    require<FormatError>(values_.is_object(), where_, " is not a JSON object");
  }

  /// **Throws** `OptionError` unless the key is missing or its value is one of `accepted`.
  void expect(std::string_view key, std::initializer_list<nlohmann::json> accepted) const {
    const auto is_value = [&](const nlohmann::json& one) { return one == value_of(key); };
    if (!has(key) || std::ranges::any_of(accepted, is_value)) return;
    refuse(key, accepted.begin()->dump());
  }

  /// The same of a value that names special tokens: a text, an object with `content`, a list or an object of such.
  void expect_specials(std::string_view key) const {
    if (!has(key)) return;
    const nlohmann::json& value = value_of(key);
    const char* const role = key == "bos_token" ? "<|startoftext|>" : key == "eos_token" ? "<|endoftext|>" : nullptr;
    if (role != nullptr && !(is_special(value) && content_of(value) == role)) {
      refuse(key, text_of(role, ", as in every CLIP"));
    }
    if (!only_specials(value)) {
      refuse(key, "no token but <|startoftext|> and <|endoftext|>: any other is cut out of every text that holds it");
    }
  }

  /// An object within this file; an empty one when it is not there.
  [[nodiscard]] TokenizerSettings section(std::string_view key) const {
    if (has(key) && !value_of(key).is_object()) refuse(key, "an object");
    return {has(key) ? value_of(key) : nlohmann::json::object(), text_of(where_, key, '.')};
  }

  [[noreturn]] void refuse(std::string_view key, std::string_view expected) const {
    std::string value = value_of(key).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (value.size() > 200) value = value.substr(0, 197) + "...";
    throw OptionError(text_of(where_, key, " is ", value, ", which mao's tokenizer does not do; expected ", expected));
  }

  [[nodiscard]] const nlohmann::json& values() const { return values_; }
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  [[nodiscard]] bool has(std::string_view key) const { return values_.contains(std::string(key)); }
  [[nodiscard]] const nlohmann::json& value_of(std::string_view key) const { return values_.at(std::string(key)); }

  static bool is_special(const nlohmann::json& token) {
    if (token.is_object() && token.contains("content")) {
      return is_special(token["content"]) && !(token.contains("single_word") && token["single_word"] != false);
    }
    return token == "<|startoftext|>" || token == "<|endoftext|>";
  }
  static const nlohmann::json& content_of(const nlohmann::json& token) {
    return token.is_object() ? token.at("content") : token;
  }
  static bool only_specials(const nlohmann::json& value) {
    if (value.is_null() || is_special(value)) return true;
    if (value.is_object() && value.contains("content")) return false;
    return value.is_structured() && std::ranges::all_of(value, &is_special);
  }

  nlohmann::json values_;
  std::string where_;
};

inline constexpr std::array special_token_keys = {"bos_token",
                                                  "eos_token",
                                                  "unk_token",
                                                  "pad_token",
                                                  "cls_token",
                                                  "sep_token",
                                                  "mask_token",
                                                  "additional_special_tokens",
                                                  "extra_special_tokens",
                                                  "added_tokens_decoder"};

/// Keys that change no id of a text.
inline constexpr std::array idle_tokenizer_keys = {"__type",
                                                   "_commit_hash",
                                                   "add_bos_token",
                                                   "add_eos_token",
                                                   "add_prefix_space",
                                                   "auto_map",
                                                   "backend",
                                                   "chat_template",
                                                   "clean_up_tokenization_spaces",
                                                   "device_map",
                                                   "errors",
                                                   "feature_extractor_type",
                                                   "from_slow",
                                                   "image_processor_type",
                                                   "is_local",
                                                   "legacy",
                                                   "local_files_only",
                                                   "max_length",
                                                   "merges_file",
                                                   "model_input_names",
                                                   "model_max_length",
                                                   "name_or_path",
                                                   "pad_to_multiple_of",
                                                   "pad_token_id",
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

MAO_INLINE void check_tokenizer_config(const TokenizerSettings& file) {
  expect_loadable_config(file.values(), file.where());
  file.expect("tokenizer_class", {"CLIPTokenizer", "CLIPTokenizerFast", nullptr});
  file.expect("do_lower_case", {true, nullptr});
  file.expect("split_special_tokens", {false});
  file.expect("padding_side", {"right"});
  file.expect("truncation_side", {"right"});
  for (const char* key : special_token_keys) file.expect_specials(key);
  for (const auto& [key, value] : file.values().items()) {
    const auto is_key = [&name = key](const auto& known) { return name == known; };
    constexpr std::array checked = {"tokenizer_class", "do_lower_case", "split_special_tokens", "padding_side",
                                    "truncation_side"};
    const bool known = std::ranges::any_of(checked, is_key) || std::ranges::any_of(special_token_keys, is_key) ||
                       std::ranges::any_of(idle_tokenizer_keys, is_key);
    if (!known) file.refuse(key, "keys of CLIPTokenizer; remove this one if it changes nothing");
  }
}

MAO_INLINE void check_tokenizer_json(const TokenizerSettings& file) {
  expect_loadable_tokenizer(file.values(), file.where());
  using nlohmann::json;
  file.expect("normalizer", {json_or_discarded(R"({"type": "Sequence", "normalizers": [{"type": "NFC"},
      {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]})")});
  const std::string words = R"('s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)";
  json plain = json_or_discarded(R"({"type": "Sequence", "pretokenizers": [
      {"type": "Split", "pattern": {"Regex": ""}, "behavior": "Removed", "invert": true},
      {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true}]})");
  plain["pretokenizers"][0]["pattern"]["Regex"] = R"(<\|startoftext\|>|<\|endoftext\|>|)" + words;
  json older = plain;
  older["pretokenizers"][0]["pattern"]["Regex"] = words;
  json newer = plain, newer_words = older;
  newer["pretokenizers"][1]["use_regex"] = newer_words["pretokenizers"][1]["use_regex"] = true;
  file.expect("pre_tokenizer", {plain, older, newer, newer_words});
  const TokenizerSettings ends = file.section("post_processor");
  ends.expect("type", {"RobertaProcessing"});
  file.expect_specials("added_tokens");
  const TokenizerSettings model = file.section("model");
  model.expect("type", {"BPE"});
  model.expect("dropout", {nullptr, 0.0});
  model.expect("unk_token", {"<|endoftext|>", nullptr});
  model.expect("continuing_subword_prefix", {"", nullptr});
  model.expect("end_of_word_suffix", {"</w>"});
  model.expect("byte_fallback", {false});
  model.expect("ignore_merges", {false});
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE void check_tokenizer_settings(const std::filesystem::path& folder) {
  const auto with = [&](const char* name, const auto& check) {
    const auto path = folder / name;
    if (!std::filesystem::exists(path)) return;
    check(detail::TokenizerSettings(detail::read_json(path), path.string() + ": "));
  };
  with("tokenizer_config.json", &detail::check_tokenizer_config);
  with("special_tokens_map.json", [](const detail::TokenizerSettings& file) {
    for (const char* key : detail::special_token_keys) file.expect_specials(key);
  });
  with("added_tokens.json", [](const detail::TokenizerSettings& file) {
    for (const auto& [token, id] : file.values().items()) {
      if (token != "<|startoftext|>" && token != "<|endoftext|>") file.refuse(token, "no added token");
    }
  });
  with("tokenizer.json", &detail::check_tokenizer_json);
}

}  // namespace mao
