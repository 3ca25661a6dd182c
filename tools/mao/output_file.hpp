// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A file that a command writes: it is none of those that it reads, and one that is replaced is said.

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/io/tensor_file.hpp>

namespace mao_program {

/// **Throws** `OptionError` when `out` is one of the files in `read`, or the weights of a folder in it. Empty names do
/// not count.
inline void expect_not_read(const std::string& out, const std::vector<std::string>& read) {
  namespace fs = std::filesystem;
  for (const std::string& name : read) {
    std::error_code absent;
    if (name.empty() || !fs::exists(name, absent)) continue;
    fs::path file(name);
    if (fs::is_directory(file, absent)) {
      try {
        file = mao::find_tensor_file(file);
      } catch (const mao::FileError&) {  // a folder of something else
        continue;
      }
    }
    mao::require<mao::OptionError>(!fs::equivalent(out, file, absent), out,
                                   " is read by this command too, and would be lost; give another name to write to");
  }
}

/// The same, and **throws** `OptionError` unless the name ends in .safetensors, by which the other commands know it.
inline void expect_safetensors_output(const std::string& out, const std::vector<std::string>& read) {
  mao::require<mao::OptionError>(std::filesystem::path(out).extension() == ".safetensors", out,
                                 ": expected the name of a *.safetensors file to write");
  expect_not_read(out, read);
}

/// ` over an earlier file` where `out` exists already, for the line that says what was written. To be asked before.
inline std::string over_earlier(const std::filesystem::path& out) {
  std::error_code absent;
  return std::filesystem::exists(out, absent) ? " over an earlier file" : "";
}

}  // namespace mao_program
