// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// `--config FILE`: options from a file, as if they stood on the command line.

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/core/text_file.hpp>

namespace mao_program {

/// The arguments with `--config FILE` replaced by the options of the file that the command line does not give itself.
///
/// A name that is no option is refused later like any other. **Throws** `FileError`, `FormatError`.
inline std::vector<std::string> with_config(std::vector<std::string> arguments) {
  const auto at = std::find(arguments.begin(), arguments.end(), "--config");
  if (at == arguments.end()) return arguments;
  mao::require<mao::OptionError>(at + 1 != arguments.end(), "--config needs a file of options, `name = value`");
  const std::string file = *(at + 1);
  std::error_code no_such_name;
  mao::require<mao::FileError>(std::filesystem::is_regular_file(std::filesystem::path(file), no_such_name), "--config ", file, ": no such file");
  arguments.erase(at, at + 2);
  const std::vector<std::string> given = arguments;
  std::istringstream text(mao::read_utf8_file(file));
  for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(text)) {
    if (item.name == "++" || item.name == "--") continue;  // how CLI11 marks sections
    mao::require<mao::FormatError>(item.parents.empty(), file, ": section [",
                                   item.parents.empty() ? "" : item.parents[0],
                                   "]; expected plain lines `name = value`");
    const std::string option = "--" + item.name;
    if (std::find(given.begin(), given.end(), option) != given.end()) continue;
    const bool flag = item.inputs.size() == 1 && (item.inputs[0] == "true" || item.inputs[0] == "false");
    if (flag && item.inputs[0] == "false") continue;
    arguments.push_back(option);
    if (!flag) arguments.insert(arguments.end(), item.inputs.begin(), item.inputs.end());
  }
  return arguments;
}

}  // namespace mao_program
