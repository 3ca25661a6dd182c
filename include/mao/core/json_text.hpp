// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// JSON as text, whatever the names in it: bytes that are no UTF-8 are escaped.

#include <string>
#include <utility>

#include <mao/core/text_encoding.hpp>
#include <nlohmann/json.hpp>

namespace mao {

/// The value with every text and every key as `escaped` writes it; what is UTF-8 stays as it is.
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

/// `value.dump(indent)` for a value that may hold names of files. Never throws for what is in it.
template <class Json>
std::string json_text(const Json& value, int indent = -1) {
  try {
    return value.dump(indent);
  } catch (const nlohmann::json::type_error&) {  // 316, the one that `dump` throws
    return with_escaped_texts(value).dump(indent);
  }
}

}  // namespace mao
