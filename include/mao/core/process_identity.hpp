// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A process by a name that no other process bears, on this machine or another, now or later.

#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

namespace mao {

/// Who a process is. Process ids are used again, and host names are not unique; the rest makes up for it.
struct ProcessIdentity {
  std::string host;           ///< for people
  std::string machine;        ///< one boot of one system, and one container of it
  pid_t pid = 0;              ///< 0: no process
  std::uint64_t started = 0;  ///< clock ticks after the system's start; 0: not known
};

namespace detail {

inline std::string first_line(const char* file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

/// State and start of a process as the system tells them: the 3rd and 22nd field of /proc/PID/stat.
struct ProcessStatus {
  bool found = false;
  char state = '?';
  std::uint64_t started = 0;
};

inline ProcessStatus process_status(pid_t pid) {
  const std::string line = first_line(("/proc/" + std::to_string(pid) + "/stat").c_str());
  const auto name_end = line.rfind(')');  // the name before it may hold anything
  if (name_end == std::string::npos) return {};
  std::istringstream fields(line.substr(name_end + 1));
  ProcessStatus status{.found = true};
  fields >> status.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  fields >> status.started;
  return status;
}

/// This boot of this system, and the space of its process ids that this process sees.
inline std::string this_machine() {
  std::array<char, 64> space{};
  const auto length = ::readlink("/proc/self/ns/pid", space.data(), space.size() - 1);
  return first_line("/proc/sys/kernel/random/boot_id") + " " + (length > 0 ? std::string(space.data()) : "");
}

}  // namespace detail

/// A process of this machine.
inline ProcessIdentity identity_of(pid_t pid) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host = {'?'};
  return {.host = host.data(), .machine = detail::this_machine(), .pid = pid,
          .started = detail::process_status(pid).started};
}

/// The process that asks.
inline ProcessIdentity this_process() { return identity_of(::getpid()); }

/// What is known of a process from here.
enum class ProcessState { Alive, Gone, Elsewhere };

/// Whether a process runs still. One of another machine, or of this one before it was started anew, is `Elsewhere`:
/// nothing is known. One that has ended and was not waited for is `Gone`.
inline ProcessState state_of(const ProcessIdentity& process) {
  if (process.machine != detail::this_machine()) return ProcessState::Elsewhere;
  if (process.pid <= 0) return ProcessState::Gone;
  const auto status = detail::process_status(process.pid);
  if (!status.found) return ::kill(process.pid, 0) == 0 || errno == EPERM ? ProcessState::Alive : ProcessState::Gone;
  if (status.state == 'Z' || status.state == 'X') return ProcessState::Gone;
  return process.started == 0 || status.started == process.started ? ProcessState::Alive : ProcessState::Gone;
}

}  // namespace mao
