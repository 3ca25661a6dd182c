// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// An object of a model's configuration file of which every key must be asked for, so that none is skipped unnoticed.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/core/error.hpp>

namespace mao {

/// The object that a configuration file holds. Numbers that are not finite, which Python writes and JSON lacks, become
/// texts, so that a section refuses them by their key. **Throws** `FormatError` for anything else.
nlohmann::json parse_config(const std::string& text, const std::string& where);

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
  /// `where` is put before each key in a message: `clip/config.json: text_config.`
  ConfigSection(nlohmann::json object, std::string where, ConfigNull null = ConfigNull::Default)
      : object_(std::move(object)), where_(std::move(where)), null_(null) {
    require<FormatError>(object_.is_object(), name(), " is ", brief(object_), ", expected a JSON object");
  }

  /// Whether the key is there and not null.
  [[nodiscard]] bool has(std::string_view key);

  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t otherwise);
  [[nodiscard]] double number(std::string_view key, double otherwise);
  /// A null is false, as in Python, if it is not a default.
  [[nodiscard]] bool flag(std::string_view key, bool otherwise = false);
  [[nodiscard]] std::string text(std::string_view key, std::string_view otherwise);
  /// Whether the key is there and null.
  [[nodiscard]] bool is_null(std::string_view key);
  /// Whether the value is a list.
  [[nodiscard]] bool is_list(std::string_view key) { return has(key) && value_of(key).is_array(); }
  /// Whether the value is an object.
  [[nodiscard]] bool is_object(std::string_view key) { return has(key) && value_of(key).is_object(); }
  /// A number for each channel, or one for all.
  [[nodiscard]] std::array<float, 3> channels(std::string_view key, const std::array<float, 3>& otherwise);
  /// A list of integers. **Throws** `FormatError` for anything else.
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view key);
  /// A side in pixels: a number, or twice the same.
  [[nodiscard]] std::int64_t side(std::string_view key, std::int64_t otherwise);
  /// An object within this one; an empty one when it is not there.
  [[nodiscard]] ConfigSection section(std::string_view key);

  /// Keys that change nothing that mao computes.
  void without_effect(std::initializer_list<const char*> keys) { asked_.insert(keys.begin(), keys.end()); }

  /// Keys of parts that mao does not have; they must be missing, null, false, or empty.
  void unsupported(std::initializer_list<const char*> keys);

  /// **Throws** `OptionError`: this key's value, and what is possible.
  [[noreturn]] void refuse(std::string_view key, std::string_view expected) const;

  /// **Throws** `OptionError` for a key that nobody asked for.
  void finish() const;

  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  /// Whether there is a value. **Throws** `FormatError` for a null that is not a default.
  bool is_given(std::string_view key, const char* kind);

  void expect(bool ok, std::string_view key, const char* kind) const;

  [[nodiscard]] bool contains(std::string_view key) const;
  /// Of a key that is there.
  [[nodiscard]] const nlohmann::json& value_of(std::string_view key) const;

  /// `where_` without the separator at its end.
  [[nodiscard]] std::string_view name() const;

  static std::string brief(const nlohmann::json& value);

  nlohmann::json object_;
  std::string where_;
  ConfigNull null_;
  std::set<std::string> asked_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/config_section.ipp>
#endif
