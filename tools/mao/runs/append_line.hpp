// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Lines behind those that a file has.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include <mao/core/error.hpp>
#include <mao/io/files.hpp>

namespace mao {

/// One write, so that a line is whole, to that file and not where a link of its name leads.
///
/// **Throws** `FileError` for a link, and for what cannot be written.
inline void append_line(const std::filesystem::path& file, const std::string& line) {
  const detail::FileDescriptor out(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666));
  require<FileError>(out.valid() || errno != ELOOP, file.string(),
                     " is a symbolic link, and lines are not written to where it leads; remove it");
  const std::string text = line + "\n";
  const auto written = out.valid() ? ::write(out.get(), text.data(), text.size()) : -1;
  require<FileError>(written == std::ssize(text), "cannot write to ", file.string(), ": ",
                     written >= 0 ? "the disk is full" : std::strerror(errno));
}

}  // namespace mao
