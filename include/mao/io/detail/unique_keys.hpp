// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// JSON that people write: a key that stands twice in an object is a mistake, of which a parser would drop one.

#include <string>
#include <string_view>

#include <mao/io/json_text.hpp>

namespace mao::detail {

/// The JSON in `text`. **Throws** `FormatError` as `parse_json`, and for an object in which a key occurs twice.
nlohmann::json parse_unique_keys(std::string_view text, const std::string& source, const std::string& expected);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/detail/impl/unique_keys.ipp>
#endif
