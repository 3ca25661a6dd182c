// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Calls policies and turns their errors into one sentence.

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>

#include <mao/core/error.hpp>

namespace mao {

/// Which step of which training, as messages begin.
struct StepPlace {
  std::string_view name = "mao";
  int epoch = -1, step = -1;  ///< 0-based; below 0: not within one

  friend std::ostream& operator<<(std::ostream& out, const StepPlace& place) {
    out << place.name;
    if (place.epoch >= 0) out << ", epoch " << place.epoch + 1;
    if (place.step >= 0) out << ", step " << place.step + 1;
    return out;
  }
};

namespace detail {

/// A message in one line, cut where it is very long; the nested exception has all of it.
std::string one_line(std::string text);

/// What an error says was expected, asked when there is one.
struct ExpectedText {
  const void* callable;
  std::string (*ask)(const void* callable);
};

template <class Expected>
ExpectedText expected_text(const Expected& expected) {
  return {std::addressof(expected),
          [](const void* callable) -> std::string { return (*static_cast<const Expected*>(callable))(); }};
}

/// Tells the exception that is being handled as `policy_call` does.
[[noreturn]] void refuse_policy(const StepPlace& place, std::string_view who, const ExpectedText& expected);

}  // namespace detail

/// What `call` returns. What a policy throws becomes a `PolicyError` of one line that says where, who, the cause and
/// what was `expected()`; the original is nested in it (`std::rethrow_if_nested`).
///
/// Errors of mao, `std::bad_alloc` and exceptions that are not a `std::exception` (an interruption) pass as they are.
template <class Call, class Expected>
decltype(auto) policy_call(const StepPlace& place, std::string_view who, const Expected& expected, Call&& call) {
  try {
    return call();
  } catch (...) {
    detail::refuse_policy(place, who, detail::expected_text(expected));
  }
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/detail/impl/policy_call.ipp>
#endif
