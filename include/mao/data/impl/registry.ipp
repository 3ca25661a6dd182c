// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/registry.hpp>

#include <algorithm>
#include <cctype>
#include <string>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

/// Spellings that differ in case, underscores, hyphens and blanks are one; anything that looks like a path is none.
MAO_INLINE std::string spelling_key(std::string_view name) {
  std::string key;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      key += static_cast<char>(std::tolower(byte));
    } else if (c != '_' && c != '-' && c != ' ') {
      return {};
    }
  }
  return key;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE const NamedDataset* find_named(std::string_view name) {
  const std::string key = detail::spelling_key(name);
  if (key.empty()) return nullptr;
  const auto found = std::ranges::find_if(named_datasets, [&](const NamedDataset& known) {
    const std::array spellings{known.name, known.title, known.registry, known.alias, known.folder};
    return std::ranges::any_of(spellings, [&](auto spelling) { return detail::spelling_key(spelling) == key; });
  });
  return found == named_datasets.end() ? nullptr : &*found;
}

MAO_INLINE const NamedDataset& named_dataset(std::string_view name) {
  const NamedDataset* found = find_named(name);
  if (found != nullptr) return *found;
  std::string names;
  for (const NamedDataset& known : named_datasets) names += (names.empty() ? "" : ", ") + std::string(known.name);
  throw OptionError(text_of("there is no data set named '", name, "'; expected one of ", names));
}

}  // namespace mao
