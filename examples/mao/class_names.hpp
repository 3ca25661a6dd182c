// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// `--classes` and `--classes-file`: class names from the command line or a text file.

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

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

/// The file's names where one is given, those of `--classes` otherwise. **Throws** `OptionError` for a name given
/// twice.
inline mao::ClassList given_class_names(const std::vector<std::string>& names, const std::string& file) {
  const mao::ClassList classes = file.empty() ? mao::ClassList{names} : read_class_names(file);
  std::set<std::string> seen;
  for (const std::string& name : classes.names) {
    mao::require<mao::OptionError>(seen.insert(name).second, "class '", name, "' is given twice; expected each once");
  }
  return classes;
}

}  // namespace mao_program
