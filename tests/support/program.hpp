// SPDX-License-Identifier: Apache-2.0
#pragma once
// Running a program as a user does.
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

#include <support/catch.hpp>
#include <support/folders.hpp>

namespace mao_test {

struct Run {
  int code = -1;       // the exit status, -1 when a signal ended it
  std::string output;  // standard output and error together
};

inline std::string quoted(const std::string& path) { return "'" + path + "'"; }
inline std::string quoted(const std::filesystem::path& path) { return quoted(path.string()); }
inline std::string quoted(const char* path) { return quoted(std::string(path)); }

inline Run shell(const std::string& command) {
  Run run;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> part{};
  for (std::size_t read = 0; (read = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
    run.output.append(part.data(), read);
  const int status = ::pclose(pipe);
  run.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return run;
}

// The program `mao` of this build.
inline Run mao_program(const std::string& arguments) {
  return shell(quoted(mao_test::build_dir() + "/bin/mao") + " " + arguments);
}

// The same, which must end with exit status 0.
inline Run checked(const std::string& arguments) {
  Run run = mao_program(arguments);
  INFO(run.output);
  REQUIRE(run.code == 0);
  return run;
}

}  // namespace mao_test
