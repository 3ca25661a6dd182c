// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Standard output that remembers why it could not be written, so that no command ends as if all had been said.

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <streambuf>

namespace mao_program {

/// What `std::cout` writes to while the program runs.
class CheckedOutput : public std::streambuf {
 public:
  CheckedOutput() { setp(buffer_.data(), buffer_.data() + buffer_.size()); }

  /// The first error of the system; 0 when everything was written.
  [[nodiscard]] int error() const { return error_; }

 protected:
  int_type overflow(int_type next) override {
    if (sync() != 0) return traits_type::eof();
    if (!traits_type::eq_int_type(next, traits_type::eof())) sputc(traits_type::to_char_type(next));
    return traits_type::not_eof(next);
  }

  int sync() override {
    const char* from = pbase();
    while (from < pptr() && error_ == 0) {
      const ssize_t written = ::write(STDOUT_FILENO, from, static_cast<std::size_t>(pptr() - from));
      if (written >= 0) {
        from += written;
      } else if (errno != EINTR) {
        error_ = errno;
      }
    }
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    return error_ == 0 ? 0 : -1;
  }

 private:
  std::array<char, 1 << 14> buffer_{};
  int error_ = 0;
};

/// Standard streams that are closed become ones that cannot be written to: a file opened later would take their place.
inline void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) < 0) static_cast<void>(::open("/dev/null", O_RDONLY));  // takes the lowest number
  }
}

/// Puts a `CheckedOutput` below `std::cout`, for as long as the process lives. A file that grows beyond its limit
/// becomes an error like a full disk (SIGXFSZ).
inline CheckedOutput& check_output() {
  open_standard_streams();
  static auto* output = new CheckedOutput;  // outlives whatever writes at the very end
  std::cout.rdbuf(output);
  std::signal(SIGXFSZ, SIG_IGN);
  return *output;
}

/// The exit status of a program that would end with `status`: 1, having said so, when its output was lost. Whoever
/// closed the other end of a pipe knows it and is told nothing.
inline int status_with_output(CheckedOutput& output, int status) {
  std::cout.flush();
  if (output.error() == 0) return status;
  if (output.error() != EPIPE) {
    std::cerr << "mao: writing the standard output failed: " << std::strerror(output.error()) << '\n';
  }
  return status == 0 ? 1 : status;
}

}  // namespace mao_program
