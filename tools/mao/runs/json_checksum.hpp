// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The checksum in the JSON files of a run: `"mao_checksum"`, the last key of each file and of each line of
/// metrics.jsonl.

#include <cstddef>
#include <string>

#include <nlohmann/json.hpp>

#include <mao/core/error.hpp>
#include <mao/io/checksum.hpp>
#include <mao/io/json_text.hpp>

namespace mao {

inline constexpr const char* json_checksum_key = "mao_checksum";

namespace detail {

/// XXH64 over the value as compact JSON with sorted keys, so that a formatter changes nothing.
inline std::string json_checksum(const nlohmann::json& value) {
  const std::string text = json_text(value);
  Checksum sum;
  sum.add(text.data(), text.size());
  return sum.text();
}

}  // namespace detail

/// The text of a JSON object with its checksum as the last key. It is on a line of its own if the brace behind it is.
inline std::string with_checksum(const std::string& text) {
  const auto value = nlohmann::json::parse(text);
  require(value.is_object(), "a checksum is for a JSON object, expected one, not ", text.substr(0, 40));
  const auto brace = text.rfind('}');
  const auto end = text.find_last_not_of(" \n", brace - 1) + 1;
  const bool own_line = text.find('\n', end) < brace, first = text[end - 1] == '{';
  const std::string sum = detail::json_checksum(value);
  return text.substr(0, end) + (first ? "" : ",") + (own_line ? "\n  " : "") + '"' + json_checksum_key +
         (own_line ? "\": \"" : "\":\"") + sum + '"' + (own_line ? "\n" : "") + text.substr(brace);
}

/// The same of a value; text that is not UTF-8 is escaped.
inline std::string checked_json_text(const nlohmann::json& value, int indent = -1) {
  return with_checksum(json_text(value, indent));
}

/// Whether a value has the content that its checksum was made of.
struct JsonCheck {
  std::string written;  ///< the checksum in it; empty: it has none, because another program or an older mao wrote it
  std::string found;    ///< that of its content
  [[nodiscard]] bool right() const { return written == found; }
  /// `its checksum is xxh64:..., expected xxh64:... for this content`
  [[nodiscard]] std::string text() const {
    return text_of("its ", json_checksum_key, " is ", written, ", expected ", found, " for its content");
  }
};

/// Removes the checksum from a value, and says whether it was right.
inline JsonCheck take_checksum(nlohmann::json& value) {
  const auto written = value.is_object() ? value.find(json_checksum_key) : value.end();
  if (!value.is_object() || written == value.end()) return {};
  JsonCheck check{.written = written->is_string() ? written->get<std::string>() : json_text(*written), .found = {}};
  value.erase(written);
  check.found = detail::json_checksum(value);
  return check;
}

/// Removes the checksum. **Throws** `FormatError` when the content is not what mao wrote; `advice` says what to do.
inline void expect_unchanged(nlohmann::json& value, const std::string& name, const std::string& advice) {
  const JsonCheck check = take_checksum(value);
  require<FormatError>(check.right(), name, " is damaged, or was edited: ", check.text(), "; ", advice,
                       ", or remove its \"", json_checksum_key, "\" if the change is meant");
}

}  // namespace mao
