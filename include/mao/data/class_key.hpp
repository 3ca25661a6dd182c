// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which class names are one and the same to a text tower.

#include <utf8proc.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace mao {

namespace detail {

/// As Python's `\s`, and the underscore, which prompts turn into a space.
inline bool is_gap(utf8proc_int32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == '_' || c == 0x85 || c == 0x2028 || c == 0x2029 ||
         utf8proc_category(c) == UTF8PROC_CATEGORY_ZS;
}

inline void append_utf8(std::string& text, utf8proc_int32_t c) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto length = utf8proc_encode_char(c, bytes.data());
  text.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length));
}

}  // namespace detail

/// A class name as the tokenizers of CLIP and BERT tell it apart: underscores and white space as single spaces, none at
/// the ends, lower case, normal form C. `red_thing` and `Red  thing` have the key `red thing`. A name that is not UTF-8
/// is its own key.
inline std::string prompt_key(std::string_view name) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(name.data());
  utf8proc_uint8_t* made = nullptr;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  const auto length = utf8proc_map(bytes, static_cast<utf8proc_ssize_t>(name.size()), &made, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> composed(made, &std::free);
  if (length < 0) return std::string(name);
  std::string key;
  bool gap = false;
  for (utf8proc_ssize_t at = 0; at < length;) {
    utf8proc_int32_t c = 0;
    at += utf8proc_iterate(composed.get() + at, length - at, &c);
    if (!detail::is_gap(c)) {
      if (gap && !key.empty()) key += ' ';
      detail::append_utf8(key, utf8proc_tolower(c));
    }
    gap = detail::is_gap(c);
  }
  return key;
}

}  // namespace mao
