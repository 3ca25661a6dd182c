// SPDX-License-Identifier: Apache-2.0
#include "sweep/child_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <mao/core/error.hpp>
#include <mao/io/files.hpp>

namespace mao_program {

namespace {

/// The part behind fork(): only calls of the system, and an exit code that no run has when one fails.
[[noreturn]] void become(const ChildOptions& options, char* const* arguments, int log, pid_t parent) {
  constexpr int failed = 127;
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(failed);  // it died before it was watched
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_DFL);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  for (const auto& [name, value] : options.environment) ::setenv(name.c_str(), value.c_str(), 1);
  if (::chdir(options.directory.c_str()) == 0) ::execv("/proc/self/exe", arguments);
  ::_exit(failed);
}

}  // namespace

pid_t start_child(const ChildOptions& options) {
  mao::require<mao::FileError>(
      std::filesystem::is_directory(options.directory), "the sweep was started in ", options.directory.string(),
      ", which is not there; runs are started in it, so that paths mean the same on every machine");
  mao::require<mao::FileError>(::access("/proc/self/exe", X_OK) == 0,
                               "a sweep starts this program as /proc/self/exe for each run, which fails here (",
                               std::strerror(errno),
                               "); mount /proc, or run the commands that `mao sweep FILE --list` prints one by one");
  const mao::detail::FileDescriptor log(::open(options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  mao::require<mao::FileError>(log.valid(), "cannot write ", options.log.string(), ": ", std::strerror(errno));
  std::vector<std::string> texts{"mao"};
  texts.insert(texts.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  mao::require(child >= 0, "cannot start another process: ", std::strerror(errno));
  if (child == 0) become(options, arguments.data(), log.get(), parent);
  return child;
}

void stop_with_parent(pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::raise(SIGTERM);  // it died before it was watched
}

std::string end_of(int wait_status) {
  if (WIFEXITED(wait_status)) return mao::text_of("exit code ", WEXITSTATUS(wait_status));
  const int signal = WTERMSIG(wait_status);
  return mao::text_of("signal ", signal, " (", ::strsignal(signal), ")");
}

}  // namespace mao_program
