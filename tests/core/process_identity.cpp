// SPDX-License-Identifier: Apache-2.0
#include <mao/core/process_identity.hpp>

#include <sys/wait.h>

#include <support/catch.hpp>

TEST_CASE("this process is alive, and only under its own start", "[process_identity]") {
  mao::ProcessIdentity self = mao::this_process();
  CHECK(self.pid == ::getpid());
  CHECK(mao::state_of(self) == mao::ProcessState::Alive);
  self.started += 1;  // the id was used again
  CHECK(mao::state_of(self) == mao::ProcessState::Gone);
  CHECK(mao::state_of({}) == mao::ProcessState::Elsewhere);
}

TEST_CASE("a process is gone when it ended, waited for or not", "[process_identity]") {
  const pid_t pid = ::fork();
  if (pid == 0) ::pause();
  const mao::ProcessIdentity child = mao::identity_of(pid);
  CHECK(mao::state_of(child) == mao::ProcessState::Alive);
  ::kill(pid, SIGKILL);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0);
  CHECK(mao::state_of(child) == mao::ProcessState::Gone);
  ::waitpid(pid, nullptr, 0);
  CHECK(mao::state_of(child) == mao::ProcessState::Gone);
}

TEST_CASE("of a process on another machine nothing is known", "[process_identity]") {
  mao::ProcessIdentity other = mao::this_process();
  other.machine += "other boot";
  CHECK(mao::state_of(other) == mao::ProcessState::Elsewhere);
}
