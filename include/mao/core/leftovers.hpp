// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What is left of files that were being written when their process was killed.

#include <sys/types.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <mao/core/process_identity.hpp>

namespace mao {

namespace detail {

/// The process that writes a temporary file of `write_file_atomically`, `NAME.tmp-PID-N`; 0 for any other name.
inline pid_t writer_of(const std::string& name) {
  const auto mark = name.rfind(".tmp-");
  if (mark == std::string::npos || name.find_first_not_of("0123456789-", mark + 5) != std::string::npos) return 0;
  return static_cast<pid_t>(std::strtol(name.c_str() + mark + 5, nullptr, 10));
}

}  // namespace detail

/// Removes the temporary files of processes of this machine that are gone, in a folder and below. Only for a folder
/// that no process of another machine writes to. Returns how many there were.
inline int remove_leftovers(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::vector<std::filesystem::path> left;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, ignored)) {
    const pid_t writer = detail::writer_of(entry.path().filename().string());
    if (writer <= 0 || !entry.is_regular_file(ignored)) continue;
    if (state_of(identity_of(writer)) == ProcessState::Gone) left.push_back(entry.path());
  }
  for (const auto& file : left) std::filesystem::remove(file, ignored);
  return static_cast<int>(left.size());
}

}  // namespace mao
