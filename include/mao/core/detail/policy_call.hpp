// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Calls into code that somebody else wrote, so that what goes wrong inside is told as a sentence.

#include <exception>
#include <new>
#include <ostream>
#include <string>
#include <string_view>

#include <c10/util/Exception.h>

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

inline std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// A message in one line, cut where it is very long; the nested exception has all of it.
std::string one_line(std::string text);

}  // namespace detail

/// What `call` returns. What a policy throws becomes a `PolicyError` of one line that says where, who, the cause and
/// what was `expected()`; the original is nested in it (`std::rethrow_if_nested`).
///
/// Errors of mao, `std::bad_alloc` and whatever is no `std::exception` (an interruption) pass as they are.
template <class Call, class Expected>
decltype(auto) policy_call(const StepPlace& place, std::string_view who, Expected&& expected, Call&& call) {
  const auto refuse = [&](const std::string& cause) {
    std::throw_with_nested(PolicyError(text_of(place, ": ", who, " failed: ", cause, "; expected ", expected())));
  };
  try {
    return call();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const c10::Error& error) {  // its message is followed by a backtrace of 2,000 characters
    refuse(detail::first_line(error.what_without_backtrace()));
  } catch (const std::exception& error) {
    refuse(detail::one_line(error.what()));
  }
  throw;  // not reached: `refuse` throws
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/detail/impl/policy_call.ipp>
#endif
