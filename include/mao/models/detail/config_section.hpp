// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// An object of a model's configuration file of which every key must be asked for, so that none is skipped unnoticed.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <mao/core/error.hpp>

namespace mao {

namespace detail {

/// Python's NaN, Infinity and -Infinity, which are no JSON, as texts.
inline std::string with_quoted_numbers(std::string_view text) {
  constexpr std::array<std::string_view, 3> words = {"NaN", "Infinity", "-Infinity"};
  std::string result;
  bool in_text = false;
  while (!text.empty()) {
    const auto word = std::find_if(words.begin(), words.end(), [&](auto each) { return text.starts_with(each); });
    std::size_t taken = in_text && text.front() == '\\' ? std::min<std::size_t>(2, text.size()) : 1;
    if (in_text || word == words.end()) {
      in_text = in_text != (text.front() == '"');
      result += text.substr(0, taken);
    } else {
      taken = word->size();
      result += '"' + std::string(*word) + '"';
    }
    text.remove_prefix(taken);
  }
  return result;
}

}  // namespace detail

/// The object that a configuration file holds. Numbers that are not finite, which Python writes and JSON lacks, become
/// texts, so that a section refuses them by their key. **Throws** `FormatError` for anything else.
inline nlohmann::json parse_config(const std::string& text, const std::string& where) {
  auto file = nlohmann::json::parse(text, nullptr, false);
  if (file.is_discarded()) file = nlohmann::json::parse(detail::with_quoted_numbers(text), nullptr, false);
  require<FormatError>(file.is_object(), where, " is not a JSON object");
  return file;
}

/// What a null in place of a number or a text is.
enum class ConfigNull {
  Default,  ///< as if the key were missing
  Refused,  ///< a mistake: the library that wrote the file stops there
};

/// Values by key, with the default of the library that wrote the file where a key is missing.
///
/// **Throws** `FormatError` naming file and key for a value of another kind, `OptionError` for a setting that mao does
/// not have.
class ConfigSection {
 public:
  /// `where` stands before each key in a message: `clip/config.json: text_config.`
  ConfigSection(nlohmann::json object, std::string where, ConfigNull null = ConfigNull::Default)
      : object_(std::move(object)), where_(std::move(where)), null_(null) {
    require<FormatError>(object_.is_object(), where_, " is ", brief(object_), ", expected a JSON object");
  }

  /// Whether the key is there and not null.
  [[nodiscard]] bool has(const std::string& key) {
    asked_.insert(key);
    return object_.contains(key) && !object_[key].is_null();
  }

  [[nodiscard]] std::int64_t integer(const std::string& key, std::int64_t otherwise) {
    if (!is_given(key, "an integer")) return otherwise;
    expect(object_[key].is_number_integer(), key, "an integer");
    return object_[key].get<std::int64_t>();
  }
  [[nodiscard]] double number(const std::string& key, double otherwise) {
    if (!is_given(key, "a number")) return otherwise;
    expect(object_[key].is_number(), key, "a number");
    return object_[key].get<double>();
  }
  /// A null is false, as in Python, where it is no default.
  [[nodiscard]] bool flag(const std::string& key, bool otherwise = false) {
    if (!has(key)) return otherwise && !(null_ == ConfigNull::Refused && object_.contains(key));
    expect(object_[key].is_boolean(), key, "true or false");
    return object_[key].get<bool>();
  }
  [[nodiscard]] std::string text(const std::string& key, const std::string& otherwise) {
    if (!is_given(key, "a text")) return otherwise;
    expect(object_[key].is_string(), key, "a text");
    return object_[key].get<std::string>();
  }
  /// Whether the value is a list.
  [[nodiscard]] bool is_list(const std::string& key) { return has(key) && object_[key].is_array(); }
  /// Whether the value is an object.
  [[nodiscard]] bool is_object(const std::string& key) { return has(key) && object_[key].is_object(); }
  /// A number for each channel, or one for all.
  [[nodiscard]] std::array<float, 3> channels(const std::string& key, const std::array<float, 3>& otherwise) {
    if (!is_given(key, "three numbers, for red, green and blue, or one for all")) return otherwise;
    const auto& value = object_[key];
    const bool three = value.is_array() && value.size() == 3 &&
                       std::all_of(value.begin(), value.end(), [](const auto& each) { return each.is_number(); });
    expect(three || value.is_number(), key, "three numbers, for red, green and blue, or one for all");
    std::array<float, 3> numbers{};
    for (std::size_t i = 0; i < 3; ++i) numbers[i] = three ? value[i].get<float>() : value.get<float>();
    return numbers;
  }
  /// A side in pixels: a number, or twice the same.
  [[nodiscard]] std::int64_t side(const std::string& key, std::int64_t otherwise) {
    if (!is_given(key, "one number, or the same twice: only squares are supported")) return otherwise;
    const auto& value = object_[key];
    const bool square = value.is_array() && value.size() == 2 && value[0] == value[1] && value[0].is_number_integer();
    expect(square || value.is_number_integer(), key, "one number, or the same twice: only squares are supported");
    return square ? value[0].get<std::int64_t>() : value.get<std::int64_t>();
  }
  /// An object within this one; an empty one when it is not there.
  [[nodiscard]] ConfigSection section(const std::string& key) {
    return {has(key) ? object_[key] : nlohmann::json::object(), where_ + key + ".", null_};
  }

  /// Keys that change nothing that mao computes.
  void without_effect(std::initializer_list<const char*> keys) { asked_.insert(keys.begin(), keys.end()); }

  /// Keys of parts that mao does not have; they must be missing, null, false, or empty.
  void unsupported(std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
      const auto& value = has(key) ? object_[key] : nlohmann::json(false);
      const bool off = value == false || value.empty();
      require<OptionError>(off, where_, key, " is ", brief(value),
                           ", which mao does not support; expected a CLIP without it");
    }
  }

  /// **Throws** `OptionError`: this key's value, and what is possible.
  [[noreturn]] void refuse(const std::string& key, const std::string& expected) const {
    throw OptionError(
        text_of(where_, key, " is ", object_.contains(key) ? brief(object_[key]) : "missing", ", expected ", expected));
  }

  /// **Throws** `OptionError` for a key that nobody asked for.
  void finish() const {
    for (const auto& [key, value] : object_.items()) {
      require<OptionError>(asked_.contains(key), where_, key, " is ", brief(value),
                           ", a setting that mao does not know, so it cannot tell what it changes; remove the key if "
                           "it changes nothing");
    }
  }

  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  /// Whether there is a value. **Throws** `FormatError` for a null that is no default.
  bool is_given(const std::string& key, const char* kind) {
    if (has(key)) return true;
    require<FormatError>(null_ == ConfigNull::Default || !object_.contains(key), where_, key, " is null, expected ",
                         kind, "; without the key it is the default of the library that wrote the file");
    return false;
  }

  void expect(bool ok, const std::string& key, const char* kind) const {
    require<FormatError>(ok, where_, key, " is ", brief(object_[key]), ", expected ", kind);
  }

  static std::string brief(const nlohmann::json& value) {
    const std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return text.size() > 80 ? text.substr(0, 77) + "..." : text;
  }

  nlohmann::json object_;
  std::string where_;
  ConfigNull null_;
  std::set<std::string> asked_;
};

}  // namespace mao
