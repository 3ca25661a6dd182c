// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A run as a process of its own, which cannot outlive the worker that started it.

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace mao_program {

/// What a process is started with.
struct ChildOptions {
  std::vector<std::string> arguments;                            ///< of this program, `tune` first
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to this process's
  std::filesystem::path directory;                               ///< where it runs
  std::filesystem::path log;                                     ///< both its outputs are appended to
};

/// Starts this very program again, even when its file has been replaced since. The child has its own process group, so
/// the keys of a terminal do not reach it, and is killed when the calling process dies, however that happens.
///
/// **Throws** `FileError` when folder or log cannot be opened or there is no /proc, `Error` when the system starts no
/// more processes. To be called by the main thread.
pid_t start_child(const ChildOptions& options);

/// To be called by a process that was just forked: SIGTERM when `parent` dies, and signals of a terminal not twice.
void stop_with_parent(pid_t parent);

/// "exit code 1" or "signal 9 (Killed)".
std::string end_of(int wait_status);

}  // namespace mao_program
