// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/lower_case.hpp>

#include <algorithm>
#include <cstddef>

#include <mao/config.hpp>
#include <mao/text/detail/unicode.hpp>

namespace mao::detail {

MAO_INLINE bool is_cased(char32_t c) {
  const int k = category(c);
  return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LT;
}

/// Characters that the final-sigma rule looks through: marks, modifiers, format characters, apostrophes, full stops.
MAO_INLINE bool is_case_ignorable(char32_t c) {
  const int k = category(c);
  return k == UTF8PROC_CATEGORY_MN || k == UTF8PROC_CATEGORY_ME || k == UTF8PROC_CATEGORY_CF ||
         k == UTF8PROC_CATEGORY_LM || k == UTF8PROC_CATEGORY_SK ||
         std::u32string_view(U"'.:\u00B7\u2018\u2019\u2024\u2027").find(c) != std::u32string_view::npos;
}

/// Whether the sigma at `position` ends a word: a cased letter before it and none after.
MAO_INLINE bool is_final_sigma(std::u32string_view text, std::size_t position) {
  const auto before = text.substr(0, position);
  const auto after = text.substr(position + 1);
  const auto left = std::find_if_not(before.rbegin(), before.rend(), is_case_ignorable);
  const auto right = std::find_if_not(after.begin(), after.end(), is_case_ignorable);
  return left != before.rend() && is_cased(*left) && (right == after.end() || !is_cased(*right));
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE std::u32string lower_case(std::u32string_view text) {
  constexpr char32_t capital_sigma = 0x3A3, final_sigma = 0x3C2, dotted_capital_i = 0x130, dot_above = 0x307;
  std::u32string lower;
  lower.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == capital_sigma && detail::is_final_sigma(text, i)) {
      lower += final_sigma;
    } else if (text[i] == dotted_capital_i) {
      lower += {U'i', dot_above};
    } else {
      lower += lower_case(text[i]);
    }
  }
  return lower;
}

}  // namespace mao
