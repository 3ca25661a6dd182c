// SPDX-License-Identifier: Apache-2.0
#pragma once
// The program `mao` as a process that a test stops, kills and waits for.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <mao/io/files.hpp>

#include <support/catch.hpp>
#include <support/folders.hpp>

namespace mao_test {

inline void sleep_ms(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

// Starts `mao WORDS...` behind the words of `before`, both its outputs appended to `log`.
inline pid_t start_mao(std::vector<std::string> words, const std::filesystem::path& log = "/dev/null",
                       std::vector<std::string> before = {}) {
  before.push_back(build_dir() + "/bin/mao");
  words.insert(words.begin(), before.begin(), before.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execvp(arguments.front(), arguments.data());
  ::_exit(127);
}

inline bool has_ended(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

#if defined(__SANITIZE_ADDRESS__)
constexpr bool can_preload = false;  // AddressSanitizer has to be the first library
#else
constexpr bool can_preload = true;
#endif

// Words before a program that make it stop where `at` says (support/stop_at.cpp: MAO_STOP_AT=...,
// MAO_STOP_AT_OPEN=...).
inline std::vector<std::string> stopping_at(const std::string& at) {
  const std::string library = build_dir() + "/tests/libstop-at.so";
  REQUIRE(std::filesystem::exists(library));
  return {"env", at, "LD_PRELOAD=" + library};
}

// Starts mao so that it stops where `at` says, and waits for that. `variables`: further ones of its environment.
inline pid_t stopped_mao(const std::string& at, const std::vector<std::string>& words,
                         const std::filesystem::path& log = "/dev/null",
                         const std::vector<std::string>& variables = {}) {
  std::vector<std::string> before = stopping_at(at);
  before.insert(before.end(), variables.begin(), variables.end());
  const pid_t pid = start_mao(words, log, before);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &info, WSTOPPED | WEXITED | WNOWAIT) == 0);
  INFO(mao::read_text_file(log));
  REQUIRE(info.si_code == CLD_STOPPED);
  return pid;
}

// Its exit code, or -1 when a signal ended it.
inline int wait_for(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// The signals arrive while the process is stopped, so it has them before it does anything else. Its exit status.
inline int sent(pid_t stopped, const std::vector<int>& signals) {
  for (const int signal : signals) ::kill(stopped, signal);
  ::kill(stopped, SIGCONT);
  return wait_for(stopped);
}

inline void kill_and_wait(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

}  // namespace mao_test
