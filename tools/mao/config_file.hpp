// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// `--config FILE`: options from a file, as if they stood on the command line.

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include <mao/core/error.hpp>

#include "sweep/toml_file.hpp"

namespace mao_program {

/// Where the options came from that a file gave, `FILE:LINE` by the name of the option.
using OptionPlaces = std::map<std::string, std::string>;

/// The arguments with `--config FILE` replaced by the options of the file that the command line does not give itself.
/// `places` is told where they stand, for complaints.
///
/// **Throws** `FileError`; `FormatError` and `OptionError` naming file and line.
inline std::vector<std::string> with_config(std::vector<std::string> arguments, OptionPlaces& places) {
  const auto at = std::find_if(arguments.begin(), arguments.end(), [](const std::string& word) {
    return word == "--config" || word.starts_with("--config=");
  });
  if (at == arguments.end()) return arguments;
  const bool joined = at->size() > 8;
  mao::require<mao::OptionError>(joined || at + 1 != arguments.end(),
                                 "--config needs a file of options, `name = value`");
  const std::string file = joined ? at->substr(9) : *(at + 1);
  mao::require<mao::FileError>(std::filesystem::exists(file) && !std::filesystem::is_directory(file), "--config ", file,
                               ": no such file");
  arguments.erase(at, at + (joined ? 1 : 2));
  const std::vector<std::string> given = arguments;
  const auto is_given = [&](const std::string& option) {
    return std::ranges::any_of(
        given, [&](const std::string& word) { return word == option || word.starts_with(option + "="); });
  };
  const auto sections = read_toml(file);
  mao::require<mao::FormatError>(sections.size() == 1, file, ":", sections.back().line, ": section [",
                                 sections.back().name, "]; expected plain lines `name = value`");
  for (const TomlEntry& entry : sections.front().entries) {
    const std::string option = "--" + entry.name;
    mao::require<mao::OptionError>(entry.name != "config", file, ":", entry.line,
                                   ": a file of options cannot name another; put its lines here");
    if (is_given(option)) continue;
    places[option] = mao::text_of(file, ":", entry.line);
    const bool flag = !entry.is_list && (entry.values.front() == "true" || entry.values.front() == "false");
    if (flag && entry.values.front() == "false") continue;
    arguments.push_back(option);
    if (!flag) arguments.insert(arguments.end(), entry.values.begin(), entry.values.end());
  }
  return arguments;
}

/// The option `--name` of the command, or null.
inline const CLI::Option* option_of(const CLI::App& command, const std::string& name) {
  const auto options = command.get_options();
  const auto found =
      std::ranges::find_if(options, [&](const CLI::Option* one) { return one->check_lname(name.substr(2)); });
  return found == options.end() ? nullptr : *found;
}

/// In a file, false leaves out a flag. **Throws** `OptionError` for an option, `--name`, that is none.
inline void expect_flag(const CLI::App& command, const std::string& name) {
  const CLI::Option* option = option_of(command, name);
  mao::require<mao::OptionError>(option != nullptr, "mao ", command.get_name(), " has no option ", name);
  mao::require<mao::OptionError>(option->get_items_expected_min() == 0, name,
                                 ": expected a value, got false; remove the line to use the default");
}

/// A file gives the option `--name` at most as many values as it takes. **Throws** `OptionError`.
inline void expect_values(const CLI::App& command, const std::vector<std::string>& arguments, const std::string& name) {
  const CLI::Option* option = option_of(command, name);
  const auto given = std::ranges::find(arguments, name);
  if (option == nullptr || given == arguments.end()) return;
  const auto end =
      std::find_if(given + 1, arguments.end(), [](const std::string& word) { return word.starts_with("--"); });
  const int most = option->get_items_expected_max();
  const std::string wanted = most == 0 ? "true or false" : mao::text_of(most, most == 1 ? " value" : " values");
  mao::require<mao::OptionError>(end - given - 1 <= most, name, ": expected ", wanted, ", got ", given[1],
                                 end - given > 2 ? ", " + given[2] : std::string());
}

/// A complaint about an option, behind the place where the file gives it.
inline std::string with_place(const std::string& message, const OptionPlaces& places) {
  const std::string line = message.substr(0, message.find('\n'));  // an example may follow
  std::size_t first = std::string::npos;
  const std::string* where = nullptr;  // of the option that the message names first: it is what the complaint is about
  for (const auto& [option, place] : places) {
    const auto found = line.find(option);
    if (found >= first) continue;
    const char next = found + option.size() < message.size() ? message[found + option.size()] : ' ';
    if (std::isalnum(static_cast<unsigned char>(next)) != 0 || next == '-') continue;
    first = found;
    where = &place;
  }
  return where == nullptr ? message : *where + ": " + message;
}

}  // namespace mao_program
