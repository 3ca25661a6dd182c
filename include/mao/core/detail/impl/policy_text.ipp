// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/detail/policy_text.hpp>

#include <array>
#include <charconv>
#include <cstdlib>
#include <memory>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE std::string exact_text(double value) {
  std::array<char, 32> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

MAO_INLINE std::string type_text(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 && name != nullptr ? name.get() : type.name();
}

}  // namespace mao::detail
