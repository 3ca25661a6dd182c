// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// `--classes` and `--classes-file`: class names from the command line or a text file.

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/class_list.hpp>
#include <mao/core/error.hpp>
#include <mao/data/class_key.hpp>
#include <mao/io/text_file.hpp>

namespace mao_program {

/// One class name a line; empty lines do not count. **Throws** `FileError`, `DataError` for a file without names.
inline mao::ClassList read_class_names(const std::filesystem::path& file) {
  mao::ClassList classes;
  for (std::string& line : mao::trimmed_lines(mao::read_utf8_file(file))) {
    if (!line.empty()) classes.names.push_back(std::move(line));
  }
  mao::require<mao::DataError>(!classes.names.empty(), file.string(),
                               " holds no class names; expected one per line, in the order of the labels");
  return classes;
}

/// The file's names where one is given, those of `--classes` otherwise. **Throws** `OptionError` for an empty name and
/// for two that are one in a prompt.
inline mao::ClassList given_class_names(const std::vector<std::string>& names, const std::string& file) {
  mao::require<mao::OptionError>(names.empty() || file.empty(), "--classes and --classes-file both give class names; ",
                                 "expected one of them");
  const mao::ClassList classes = file.empty() ? mao::ClassList{names} : read_class_names(file);
  std::map<std::string, std::string> seen;
  for (const std::string& name : classes.names) {
    mao::require<mao::OptionError>(mao::is_utf8(name), "class '", mao::escaped(name),
                                   "' is not UTF-8, so no prompt can hold it; expected text in UTF-8");
    const std::string key = mao::prompt_key(name);
    mao::require<mao::OptionError>(!key.empty(), "class '", name, "' is empty in a prompt; expected a name");
    const auto [first, is_new] = seen.try_emplace(key, name);
    mao::require<mao::OptionError>(is_new || first->second != name, "class '", name,
                                   "' is given twice; expected each once");
    mao::require<mao::OptionError>(is_new, "the classes '", first->second, "' and '", name, "' are both '", key,
                                   "' in a prompt; give them different names");
  }
  return classes;
}

}  // namespace mao_program
