// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/class_list.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE std::string class_text(const ClassList& classes) {
  constexpr std::size_t shown = 3;
  std::string text = text_of(classes.size(), classes.size() == 1 ? " class (" : " classes (");
  for (std::size_t i = 0; i < std::min(shown, classes.names.size()); ++i) {
    text += (i > 0 ? ", '" : "'") + classes.names[i] + "'";
  }
  return text + (classes.names.size() > shown ? ", ...)" : ")");
}

MAO_INLINE void expect_same_classes(const ClassList& found, const ClassList& expected, const std::string& who,
                                    const std::string& advice) {
  if (found == expected) return;
  std::string where;
  if (found.size() == expected.size()) {
    const auto differ = std::mismatch(found.names.begin(), found.names.end(), expected.names.begin());
    where = text_of("; class ", differ.first - found.names.begin(), " is '", *differ.first, "' instead of '",
                    *differ.second, "'");
  }
  throw OptionError(text_of(who, " ", class_text(found), ", expected ", class_text(expected), where, "; ", advice));
}

MAO_INLINE std::string readable(std::string name) {
  for (char& c : name) {
    if (c == '_') c = ' ';
  }
  return name;
}

MAO_INLINE Candidates Candidates::all(std::int64_t count) {
  Candidates result;
  result.ids.resize(static_cast<std::size_t>(count));
  std::iota(result.ids.begin(), result.ids.end(), std::int64_t{0});
  return result;
}

}  // namespace mao
