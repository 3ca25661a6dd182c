// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What is left of files that were being written when their process was killed.

#include <sys/types.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

namespace mao {

namespace detail {

/// Whether no process of this system has the id `pid`; one that has ended and was not waited for counts as gone.
inline bool is_gone(pid_t pid) {
  std::ifstream stream("/proc/" + std::to_string(pid) + "/stat");
  const std::string line{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  const auto name_end = line.rfind(')');  // the name before it may hold anything; the state comes behind it
  if (name_end == std::string::npos || name_end + 2 >= line.size()) {
    return ::kill(pid, 0) != 0 && errno == ESRCH;
  }
  return line[name_end + 2] == 'Z' || line[name_end + 2] == 'X';
}

/// The process that writes a temporary file of `write_file_atomically`, `NAME.tmp-PID-N`; 0 for any other name.
inline pid_t writer_of(const std::string& name) {
  const auto mark = name.rfind(".tmp-");
  if (mark == std::string::npos || name.find_first_not_of("0123456789-", mark + 5) != std::string::npos) return 0;
  return static_cast<pid_t>(std::strtol(name.c_str() + mark + 5, nullptr, 10));
}

}  // namespace detail

/// Removes the temporary files of processes of this machine that are gone, in a folder and below. Only for a folder
/// that this process alone writes to: processes of other machines and containers are not seen. Returns how many there
/// were.
inline int remove_leftovers(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::vector<std::filesystem::path> left;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, ignored)) {
    const pid_t writer = detail::writer_of(entry.path().filename().string());
    if (writer <= 0 || !entry.is_regular_file(ignored)) continue;
    if (detail::is_gone(writer)) left.push_back(entry.path());
  }
  for (const auto& file : left) std::filesystem::remove(file, ignored);
  return static_cast<int>(left.size());
}

}  // namespace mao
