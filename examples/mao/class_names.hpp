// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// `--classes-file`: class names from a text file.

#include <filesystem>
#include <fstream>
#include <string>

#include <mao/core/class_list.hpp>
#include <mao/core/error.hpp>

namespace mao_program {

/// One class name a line; empty lines do not count. **Throws** `FileError`, `DataError` for a file without names.
inline mao::ClassList read_class_names(const std::filesystem::path& file) {
  std::ifstream in(file);
  mao::require<mao::FileError>(in.good(), "cannot read ", file.string(),
                               "; expected a text file with one class name a line");
  mao::ClassList classes;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) classes.names.push_back(line);
  }
  mao::require<mao::DataError>(!classes.names.empty(), file.string(),
                               " holds no class names; expected one a line, in the order of the labels");
  return classes;
}

}  // namespace mao_program
