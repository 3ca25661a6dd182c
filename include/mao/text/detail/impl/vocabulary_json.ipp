// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/vocabulary_json.hpp>

#include <cstdint>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

MAO_INLINE std::vector<std::string> tokens_by_id(const nlohmann::json& vocabulary, const std::string& where) {
  require<FormatError>(vocabulary.is_object() && !vocabulary.empty(), where,
                       ": expected a vocabulary, an object of tokens and their ids");
  constexpr std::int64_t most_tokens = 1 << 24;
  std::vector<std::string> tokens(vocabulary.size());
  for (const auto& [token, value] : vocabulary.items()) {
    const std::int64_t id = value.is_number_integer() ? value.get<std::int64_t>() : -1;
    require<FormatError>(id >= 0 && id < most_tokens, where, ": token '", token, "' has no usable id");
    if (static_cast<std::size_t>(id) >= tokens.size()) tokens.resize(static_cast<std::size_t>(id) + 1);
    std::string& place = tokens[static_cast<std::size_t>(id)];
    require<FormatError>(place.empty(), where, ": tokens '", place, "' and '", token, "' have the same id, ", id,
                         "; expected an id of its own for each");
    place = token;
  }
  return tokens;
}

}  // namespace mao::detail
