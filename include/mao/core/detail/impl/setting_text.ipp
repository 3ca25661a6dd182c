// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/detail/setting_text.hpp>

#include <cxxabi.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <memory>

#include <mao/config.hpp>
#include <mao/core/detail/content_hash.hpp>

namespace mao::detail {

MAO_INLINE std::string exact_text(double value) {
  std::array<char, 32> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

MAO_INLINE std::string whole_text(long long value) { return std::to_string(value); }
MAO_INLINE std::string whole_text(unsigned long long value) { return std::to_string(value); }

MAO_INLINE std::string listed_text(std::span<const std::string_view> names, long long place) {
  const bool known = place >= 0 && place < std::ssize(names);
  return known ? std::string(names[static_cast<std::size_t>(place)]) : std::to_string(place);
}

MAO_INLINE std::string type_text(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 && name != nullptr ? name.get() : type.name();
}

MAO_INLINE std::string quoted_setting(std::string_view text) { return "'" + std::string(text) + "'"; }

MAO_INLINE std::string list_text(const std::vector<std::string>& values) {
  constexpr std::size_t shown = 4;
  if (values.size() > shown) {
    ContentHash hash;
    for (const std::string& value : values) hash.add(std::string_view(value));
    return std::to_string(values.size()) + " values, the first " + values.front() + " (" + hash.text() + ")";
  }
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
  return "[" + text + "]";
}

}  // namespace mao::detail
