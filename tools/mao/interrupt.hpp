// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// SIGINT and SIGTERM ask a command to stop in order: at its next step of training, or before the next batch of images
/// or texts. What it has finished is on disk, and the exit status is 130.

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <utility>

namespace mao_program {

/// The exit status of a command that was asked to stop, by either signal.
inline constexpr int stopped_status = 130;

/// Thrown by `expect_no_stop`. Not a `std::exception`, so that policies and damaged files are not blamed for it.
struct Stopped {};

namespace stopping {  // not `detail`: sources that say `using namespace mao` mean that one

inline volatile std::sig_atomic_t stop_asked = 0;
inline volatile std::sig_atomic_t says_stopping = 1;
inline int steps_in_order = 0;  // no handler reads it

/// Only calls that a handler may make. A signal of `pass_on_stop` (SI_QUEUE) is never the second one: a scheduler may
/// have signalled this process already.
inline void on_stop_signal(int signal, siginfo_t* info, void* /*context*/) {
  if (stop_asked != 0) {
    if (info->si_code == SI_QUEUE) return;
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // arrives when this handler has returned
    return;
  }
  stop_asked = 1;
  if (says_stopping == 0) return;
  constexpr const char* words = "mao: stopping ... (a second signal ends it at once)\n";
  const int before = errno;
  const bool bar = isatty(STDERR_FILENO) != 0;
  static_cast<void>(!bar || write(STDERR_FILENO, "\r\x1b[K", 4) != 0);
  static_cast<void>(write(STDERR_FILENO, words, std::strlen(words)) != 0);
  errno = before;
}

}  // namespace stopping

/// Installs the handlers. The first signal of either kind is answered on standard error at once; a second one, of the
/// same kind or the other, ends the program at once.
///
/// They run on a stack of their own. A signal's frame (over 10 KB with AMX) is otherwise pushed below the stack pointer
/// of whatever it interrupts; when that was one of oneDNN's matrix products, the heap was found overwritten in one run
/// of ten.
inline void stop_on_signals() {
  static std::array<char, 1 << 18> stack;
  const stack_t own{.ss_sp = stack.data(), .ss_flags = 0, .ss_size = stack.size()};
  sigaltstack(&own, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = stopping::on_stop_signal;
  action.sa_flags = static_cast<int>(SA_ONSTACK | SA_SIGINFO | SA_RESTART);
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

/// For a process whose output another one speaks for: the signal itself is not answered.
inline void stop_silently() { stopping::says_stopping = 0; }

inline bool stop_asked() { return stopping::stop_asked != 0; }

/// Asks another process of this program to stop. It does not count as a second signal there.
inline void pass_on_stop(pid_t process) { sigqueue(process, SIGINT, sigval{.sival_int = 0}); }

/// **Throws** `Stopped` where a signal has asked for it. Called wherever work takes longer than a second or two.
inline void expect_no_stop() {
  if (stop_asked() && stopping::steps_in_order == 0) throw Stopped();
}

/// While one lives, `expect_no_stop` does nothing: a training stops between two steps (`Observer::should_stop`), on
/// which processes that train together agree.
class StopsBetweenSteps {
 public:
  StopsBetweenSteps() { ++stopping::steps_in_order; }
  ~StopsBetweenSteps() { --stopping::steps_in_order; }
  StopsBetweenSteps(const StopsBetweenSteps&) = delete;
  StopsBetweenSteps& operator=(const StopsBetweenSteps&) = delete;
};

/// `report`, a function that is told about progress, which throws `Stopped` first where a signal has asked for it.
template <class Report>
auto stoppable(Report report) {
  return [report = std::move(report)](const auto&... numbers) mutable {
    expect_no_stop();
    report(numbers...);
  };
}

}  // namespace mao_program
