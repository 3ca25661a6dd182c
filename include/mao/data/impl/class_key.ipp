// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/class_key.hpp>

#include <utf8proc.h>

#include <cstdlib>
#include <map>
#include <memory>

#include <mao/config.hpp>
#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

/// As Python's `\s`, and the underscore, which prompts turn into a space.
MAO_INLINE bool is_gap(utf8proc_int32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == '_' || c == 0x85 || c == 0x2028 || c == 0x2029 ||
         utf8proc_category(c) == UTF8PROC_CATEGORY_ZS;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE std::string prompt_key(std::string_view name) {
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
      append_utf8(key, static_cast<char32_t>(utf8proc_tolower(c)));
    }
    gap = detail::is_gap(c);
  }
  return key;
}

MAO_INLINE void check_class_names(const ClassList& classes, const std::string& source) {
  std::map<std::string, std::int64_t> seen;
  for (std::int64_t label = 0; label < classes.size(); ++label) {
    const std::string& name = classes.names[static_cast<std::size_t>(label)];
    const std::string key = prompt_key(name);
    require<DataError>(is_utf8(name), source, ": class ", label, " is named '", escaped(name),
                       "', which is not UTF-8, so no prompt can hold it; rename it");
    require<DataError>(!key.empty(), source, ": class ", label, name.empty() ? " has an empty name" : " is named '",
                       name, name.empty() ? "" : "', which is empty in a prompt", "; a prompt needs a name");
    const auto [first, is_new] = seen.try_emplace(key, label);
    if (is_new || classes.same_names == SameNames::accept) continue;
    const std::string& other = classes.names[static_cast<std::size_t>(first->second)];
    const std::string both = other == name
                                 ? text_of(" are both named '", name, "'")
                                 : text_of(", '", other, "' and '", name, "', are both '", key, "' in a prompt");
    throw DataError(text_of(source, ": classes ", first->second, " and ", label, both,
                            ", so prompts cannot distinguish them; give them different names"));
  }
}

}  // namespace mao
