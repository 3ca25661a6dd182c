// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// SIGINT and SIGTERM ask a run to stop at its next step; what it has finished is on disk.

#include <signal.h>

#include <array>
#include <csignal>

namespace mao_program {

namespace detail {
inline volatile std::sig_atomic_t stop_asked = 0;
}

/// Installs the handlers; a second signal ends the program at once.
///
/// They run on a stack of their own. A signal's frame (over 10 KB with AMX) is otherwise pushed below the stack pointer
/// of whatever it interrupts; when that was one of oneDNN's matrix products, the heap was found overwritten in one run
/// of ten.
inline void stop_on_signals() {
  static std::array<char, 1 << 18> stack;
  const stack_t own{.ss_sp = stack.data(), .ss_flags = 0, .ss_size = stack.size()};
  sigaltstack(&own, nullptr);
  struct sigaction action = {};
  action.sa_handler = [](int) { detail::stop_asked = 1; };
  action.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

inline bool stop_asked() { return detail::stop_asked != 0; }

}  // namespace mao_program
