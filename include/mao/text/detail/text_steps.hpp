// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The sections `normalizer` and `pre_tokenizer` of a tokenizer.json, as functions.
///
/// **Source** tokenizers 0.23. What is not read is refused by its type.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/core/error.hpp>
#include <mao/text/detail/charsmap.hpp>

namespace mao::detail {

/// What stands for a space in pieces.
inline constexpr std::string_view space_mark = "\u2581";

/// **Throws** OptionError that shows the section `where` and what was expected.
[[noreturn]] void refuse_section(const nlohmann::json& section, const std::string& where, const std::string& expected);

/// Checks the keys of a tokenizer_config.json at whose values transformers stops for any class of tokenizer: code of a
/// repository (`auto_map`), `model_input_names`, and special tokens that are neither texts nor whole entries.
///
/// **Throws** `OptionError` naming the key behind `where`.
void expect_loadable_config(const nlohmann::json& values, const std::string& where);

/// The same of a tokenizer.json: `version`, `truncation`, `padding`, `added_tokens`. **Throws** `OptionError`.
void expect_loadable_tokenizer(const nlohmann::json& file, const std::string& where);

/// Each flag that an added token has must be true or false. **Throws** `OptionError` naming it behind `where`.
void expect_token_flags(const nlohmann::json& entry, const std::string& where);

/// A value of a JSON object, or another one in its place when the key is missing or null.
template <class T>
T value_or(const nlohmann::json& object, const char* key, T otherwise) {
  if (!object.is_object() || !object.contains(key) || object[key].is_null()) return otherwise;
  try {
    return object[key].get<T>();
  } catch (const nlohmann::json::exception&) {
    throw FormatError(text_of("the value of '", key, "' in a tokenizer's file is of another type than expected"));
  }
}

/// The value of `type`; empty when there is none.
std::string type_of(const nlohmann::json& section);

/// From one text to another.
using TextStep = std::function<std::string(std::string_view text)>;

/// From one text to the words that are cut into pieces by themselves.
using SplitStep = std::function<std::vector<std::string>(std::string_view text)>;

/// **Throws** OptionError that names `where` and the type for a step that is not read, FormatError for a damaged one.
std::vector<TextStep> read_normalizer(const nlohmann::json& section, const std::string& where);
std::vector<SplitStep> read_pre_tokenizer(const nlohmann::json& section, const std::string& where);

/// The bytes of the first character map in a section `normalizer`; empty when there is none.
std::string charsmap_in(const nlohmann::json& section, const std::string& where);

/// The character map as tokenizers applies it: to each cluster of characters that takes less than six bytes as a whole,
/// else to each character; the shortest match of a cluster stands for all of it.
TextStep charsmap_step(std::shared_ptr<const Charsmap> map);

/// Lower case of each character by itself.
TextStep lower_case_step();

TextStep replace_step(std::string what, std::string with);

/// Words between white space.
SplitStep white_space_split();

/// Spaces as `mark`, one in front of the text too when `always`, and a new word at each mark when `split`.
SplitStep mark_split(std::string mark, bool always, bool split);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/text_steps.ipp>
#endif
