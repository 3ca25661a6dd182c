// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/config_section.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <mao/config.hpp>
#include <mao/io/json_text.hpp>

namespace mao::detail {

/// Python's NaN, Infinity and -Infinity, which are not JSON, as texts.
MAO_INLINE std::string with_quoted_numbers(std::string_view text) {
  constexpr std::array<std::string_view, 3> words = {"NaN", "Infinity", "-Infinity"};
  std::string result;
  bool in_text = false;
  while (!text.empty()) {
    const auto word = std::ranges::find_if(words, [&](auto each) { return text.starts_with(each); });
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

}  // namespace mao::detail

namespace mao {

MAO_INLINE nlohmann::json parse_config(const std::string& text, const std::string& where) {
  auto file = detail::json_or_discarded(text);
  if (file.is_discarded()) file = detail::json_or_discarded(detail::with_quoted_numbers(text));
  require<FormatError>(file.is_object(), where, " is not a JSON object");
  return file;
}

MAO_INLINE bool ConfigSection::has(std::string_view key) {
  asked_.emplace(key);
  return contains(key) && !value_of(key).is_null();
}

MAO_INLINE bool ConfigSection::is_null(std::string_view key) {
  asked_.emplace(key);
  return contains(key) && value_of(key).is_null();
}

MAO_INLINE ConfigSection ConfigSection::section(std::string_view key) {
  return {has(key) ? value_of(key) : nlohmann::json::object(), text_of(where_, key, '.'), null_};
}

MAO_INLINE std::int64_t ConfigSection::integer(std::string_view key, std::int64_t otherwise) {
  if (!is_given(key, "an integer")) return otherwise;
  expect(value_of(key).is_number_integer(), key, "an integer");
  return value_of(key).get<std::int64_t>();
}

MAO_INLINE double ConfigSection::number(std::string_view key, double otherwise) {
  if (!is_given(key, "a number")) return otherwise;
  expect(value_of(key).is_number(), key, "a number");
  return value_of(key).get<double>();
}

MAO_INLINE bool ConfigSection::flag(std::string_view key, bool otherwise) {
  if (!has(key)) return otherwise && !(null_ == ConfigNull::Refused && contains(key));
  expect(value_of(key).is_boolean(), key, "true or false");
  return value_of(key).get<bool>();
}

MAO_INLINE std::string ConfigSection::text(std::string_view key, std::string_view otherwise) {
  if (!is_given(key, "a text")) return std::string(otherwise);
  expect(value_of(key).is_string(), key, "a text");
  return value_of(key).get<std::string>();
}

MAO_INLINE std::array<float, 3> ConfigSection::channels(std::string_view key, const std::array<float, 3>& otherwise) {
  if (!is_given(key, "three numbers, for red, green and blue, or one for all")) return otherwise;
  const auto& value = value_of(key);
  const bool three = value.is_array() && value.size() == 3 &&
                     std::ranges::all_of(value, [](const auto& each) { return each.is_number(); });
  expect(three || value.is_number(), key, "three numbers, for red, green and blue, or one for all");
  std::array<float, 3> numbers{};
  for (std::size_t i = 0; i < 3; ++i) numbers[i] = three ? value[i].get<float>() : value.get<float>();
  return numbers;
}

MAO_INLINE std::vector<std::int64_t> ConfigSection::integers(std::string_view key) {
  const bool given = has(key) && value_of(key).is_array();
  const bool all =
      given && std::ranges::all_of(value_of(key), [](const auto& each) { return each.is_number_integer(); });
  expect(all, key, "a list of integers");
  return value_of(key).get<std::vector<std::int64_t>>();
}

MAO_INLINE std::int64_t ConfigSection::side(std::string_view key, std::int64_t otherwise) {
  if (!is_given(key, "one number, or the same twice: only squares are supported")) return otherwise;
  const auto& value = value_of(key);
  const bool square = value.is_array() && value.size() == 2 && value[0] == value[1] && value[0].is_number_integer();
  expect(square || value.is_number_integer(), key, "one number, or the same twice: only squares are supported");
  return square ? value[0].get<std::int64_t>() : value.get<std::int64_t>();
}

MAO_INLINE void ConfigSection::unsupported(std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const auto& value = has(key) ? value_of(key) : nlohmann::json(false);
    const bool off = value == false || value.empty();
    require<OptionError>(off, where_, key, " is ", brief(value),
                         ", which mao does not support; expected a CLIP without it");
  }
}

MAO_INLINE void ConfigSection::refuse(std::string_view key, std::string_view expected) const {
  throw OptionError(
      text_of(where_, key, " is ", contains(key) ? brief(value_of(key)) : "missing", ", expected ", expected));
}

MAO_INLINE void ConfigSection::finish() const {
  for (const auto& [key, value] : object_.items()) {
    require<OptionError>(asked_.contains(key), where_, key, " is ", brief(value),
                         ", a setting that mao does not know, so it cannot tell what it changes; remove the key if "
                         "it changes nothing");
  }
}

MAO_INLINE bool ConfigSection::contains(std::string_view key) const { return object_.contains(std::string(key)); }

MAO_INLINE const nlohmann::json& ConfigSection::value_of(std::string_view key) const {
  return object_.at(std::string(key));
}

MAO_INLINE void ConfigSection::expect(bool ok, std::string_view key, const char* kind) const {
  if (ok) return;
  const std::string value = contains(key) ? brief(value_of(key)) : "missing";
  throw FormatError(text_of(where_, key, " is ", value, ", expected ", kind));
}

MAO_INLINE bool ConfigSection::is_given(std::string_view key, const char* kind) {
  if (has(key)) return true;
  require<FormatError>(null_ == ConfigNull::Default || !contains(key), where_, key, " is null, expected ", kind,
                       "; without the key it is the default of the library that wrote the file");
  return false;
}

MAO_INLINE std::string_view ConfigSection::name() const {
  const std::string_view all = where_;
  return all.substr(0, all.find_last_not_of(".: ") + 1);
}

MAO_INLINE std::string ConfigSection::brief(const nlohmann::json& value) {
  const std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return text.size() > 80 ? text.substr(0, 77) + "..." : text;
}

}  // namespace mao
