// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Calls into code that somebody else wrote, so that what goes wrong inside is told as a sentence.

#include <ostream>
#include <stdexcept>
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

}  // namespace detail

/// What `call` returns. Errors of mao pass; those of LibTorch (2,000 characters, mostly a backtrace) and of the
/// standard library's checks become a `PolicyError` that says where, who, the cause and what was `expected()`.
template <class Call, class Expected>
decltype(auto) policy_call(const StepPlace& place, std::string_view who, Expected&& expected, Call&& call) {
  const auto refuse = [&](const std::string& cause) {
    throw PolicyError(text_of(place, ": ", who, " failed: ", detail::first_line(cause), "; expected ", expected()));
  };
  try {
    return call();
  } catch (const c10::Error& error) {
    refuse(error.what_without_backtrace());
  } catch (const std::logic_error& error) {
    refuse(error.what());
  }
  throw;  // not reached: `refuse` throws
}

}  // namespace mao
