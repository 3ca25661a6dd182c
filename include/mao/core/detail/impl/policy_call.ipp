// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/detail/policy_call.hpp>

#include <algorithm>
#include <exception>
#include <new>

#include <c10/util/Exception.h>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE std::string one_line(std::string text) {
  constexpr std::size_t most = 500;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (text.size() > most) text = text.substr(0, most) + " ...";
  return text;
}

MAO_INLINE void refuse_policy(const StepPlace& place, std::string_view who, const ExpectedText& expected) {
  const auto refuse = [&](const std::string& cause) {
    std::throw_with_nested(
        PolicyError(text_of(place, ": ", who, " failed: ", cause, "; expected ", expected.ask(expected.callable))));
  };
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const c10::Error& error) {  // its message is followed by a backtrace of 2,000 characters
    const std::string text = error.what_without_backtrace();
    refuse(text.substr(0, text.find('\n')));
  } catch (const std::exception& error) {
    refuse(one_line(error.what()));
  }
  throw;  // not reached: `refuse` throws
}

}  // namespace mao::detail
