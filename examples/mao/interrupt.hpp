// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// SIGINT and SIGTERM ask a run to stop at its next step; what it has finished is on disk.

#include <csignal>

namespace mao_program {

namespace detail {
inline volatile std::sig_atomic_t stop_asked = 0;
}

/// Installs the handlers; a second signal ends the program at once.
inline void stop_on_signals() {
  const auto handler = [](int signal) {
    detail::stop_asked = 1;
    std::signal(signal, SIG_DFL);
  };
  std::signal(SIGINT, handler);
  std::signal(SIGTERM, handler);
}

inline bool stop_asked() { return detail::stop_asked != 0; }

}  // namespace mao_program
