// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/detail/policy_call.hpp>

#include <algorithm>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE std::string one_line(std::string text) {
  constexpr std::size_t most = 500;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (text.size() > most) text = text.substr(0, most) + " ...";
  return text;
}

}  // namespace mao::detail
