// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/detail/unique_keys.hpp>

#include <set>
#include <vector>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE nlohmann::json parse_unique_keys(std::string_view text, const std::string& source,
                                            const std::string& expected) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::set<std::string>> open;  // the keys of each object around
  const auto look = [&](int, Event event, nlohmann::json& value) {
    if (event == Event::object_start) open.emplace_back();
    if (event == Event::object_end) open.pop_back();
    if (event != Event::key) return true;
    const auto& key = value.get_ref<const std::string&>();
    require<FormatError>(open.back().insert(key).second, source, ": the key \"", printable(key),
                         "\" occurs twice; expected each key once: put what both hold under one of them");
    return true;
  };
  try {
    return nlohmann::json::parse(text.data(), text.data() + text.size(), look);
  } catch (const nlohmann::json::exception&) {
    return parse_json(text, source, expected);  // which says what is wrong
  }
}

}  // namespace mao::detail
