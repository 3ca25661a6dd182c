// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A file that one of several processes creates.

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include <mao/core/error.hpp>
#include <mao/io/files.hpp>

namespace mao {

/// Puts a complete file at `path` unless one is there. Of several processes that call this at once, one succeeds and
/// the others return false; the file has the text of the one.
///
/// **Throws** `FileError` when the folder cannot be written to.
inline bool create_file_once(const std::filesystem::path& path, const std::string& text) {
  const detail::TemporaryGuard made{detail::create_temporary_beside(path)};
  write_file_atomically(made.path, [&](std::ostream& out) { out << text; });
  if (::link(made.path.c_str(), path.c_str()) == 0) return true;
  const int failure = errno;
  struct stat status {};
  if (::stat(made.path.c_str(), &status) == 0 && status.st_nlink == 2) return true;  // done, and the answer was lost
  if (failure == EEXIST) return false;
  const bool no_links = failure == EPERM || failure == ENOTSUP || failure == ENOSYS || failure == EMLINK;
  require<FileError>(no_links, "cannot make ", path.string(), ": ", std::strerror(failure));
  if (std::filesystem::exists(path)) return false;
  write_file_atomically(path, [&](std::ostream& out) { out << text; });
  return true;
}

}  // namespace mao
