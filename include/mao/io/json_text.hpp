// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Writes JSON as text, with bytes that are not UTF-8 escaped, and reads JSON with mao's own errors.

#include <cstddef>
#include <string>
#include <string_view>

#include <mao/core/error.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <nlohmann/json.hpp>

namespace mao {

/// The value with every text and key escaped by `escaped`; valid UTF-8 does not change.
template <class Json>
Json with_escaped_texts(const Json& value) {
  if (value.is_string()) return escaped(value.template get_ref<const std::string&>());
  Json result = value;
  if (value.is_array()) {
    for (auto& element : result) element = with_escaped_texts(element);
  } else if (value.is_object()) {
    result = Json::object();
    for (const auto& [key, element] : value.items()) result[escaped(key)] = with_escaped_texts(element);
  }
  return result;
}

/// `value.dump(indent)` for a value that may contain file names. Never throws because of its content.
template <class Json>
std::string json_text(const Json& value, int indent = -1) {
  try {
    return value.dump(indent);
  } catch (const nlohmann::json::type_error&) {  // 316, the one that `dump` throws
    return with_escaped_texts(value).dump(indent);
  }
}

namespace detail {

/// `line 3, column 7, at '}]'`: the place where a JSON parser stopped. `byte` counts from 1, as in the parser's errors.
std::string json_place(std::string_view text, std::size_t byte);

/// The JSON in `text`, or a value that `is_discarded()`.
nlohmann::json json_or_discarded(std::string_view text);

}  // namespace detail

/// The JSON in `text`. **Throws** `FormatError` that names `source`, the line, and what was `expected`.
template <class Json = nlohmann::json>
Json parse_json(std::string_view text, const std::string& source, const std::string& expected) {
  const auto refuse = [&](const std::string& why) {
    throw FormatError(text_of(source, " is not JSON: ", why, "; expected ", expected));
  };
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    refuse("it cannot be read from " + detail::json_place(text, error.byte));
  } catch (const nlohmann::json::exception&) {
    refuse("a number in it is too large");
  }
  return {};  // not reached: `refuse` throws
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/impl/json_text.ipp>
#endif
