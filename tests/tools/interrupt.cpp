// SPDX-License-Identifier: Apache-2.0
#include "interrupt.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include <support/catch.hpp>

using namespace mao_program;

namespace {

// What becomes of a process that does this: its exit status, or minus the signal that ended it.
int fate_of(const std::function<int()>& what) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(STDERR_FILENO);
    stop_on_signals();
    ::_exit(what());
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

TEST_CASE("the first signal asks, a second one of either kind ends the process", "[interrupt]") {
  for (const int first : {SIGINT, SIGTERM}) {
    CHECK(fate_of([&] {
            ::raise(first);
            return stop_asked() ? 7 : 1;
          }) == 7);
    for (const int second : {SIGINT, SIGTERM}) {
      CAPTURE(first, second);
      CHECK(fate_of([&] {
              ::raise(first);
              ::raise(second);
              return 1;
            }) == -second);
    }
  }
}

TEST_CASE("what a sweep passes on asks too, and is never the second signal", "[interrupt]") {
  CHECK(fate_of([] {
          pass_on_stop(::getpid());
          return stop_asked() ? 7 : 1;
        }) == 7);
  CHECK(fate_of([] {
          ::raise(SIGTERM);
          pass_on_stop(::getpid());
          return 7;
        }) == 7);
  CHECK(fate_of([] {
          pass_on_stop(::getpid());
          ::raise(SIGTERM);
          return 1;
        }) == -SIGTERM);
}

TEST_CASE("work is left where a stop was asked for, a training only between its steps", "[interrupt]") {
  CHECK_NOTHROW(expect_no_stop());
  CHECK(fate_of([] {
          ::raise(SIGINT);
          {
            const StopsBetweenSteps training;
            expect_no_stop();
          }
          int told = 0;
          try {
            stoppable([&](int done) { told = done; })(1);
          } catch (const Stopped&) {
            return told == 0 ? 7 : 1;
          }
          return 1;
        }) == 7);
}
