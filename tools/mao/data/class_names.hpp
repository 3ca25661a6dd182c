// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// `--classes` and `--classes-file`: class names from the command line or a text file.

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <mao/core/class_list.hpp>
#include <mao/core/error.hpp>
#include <mao/data/class_key.hpp>
#include <mao/data/folder.hpp>
#include <mao/io/text_file.hpp>

namespace mao_program {

/// Whether the line begins with an id of ImageNet's classes: `n01440764 tench`.
inline bool begins_with_wnid(const std::string& line) {
  return line.size() > 10 && line[0] == 'n' && line.find_first_not_of("0123456789", 1) == 9 && line[9] == ' ';
}

/// Whether the lines are numbered from 0 or 1: `0 tench`, `1. tench`.
inline bool are_numbered(const std::vector<std::string>& lines) {
  const auto begins_with = [](const std::string& line, std::size_t number) {
    const std::string digits = std::to_string(number);
    return line.starts_with(digits) && line.size() > digits.size() &&
           std::string(" .:),;").find(line[digits.size()]) != std::string::npos;
  };
  const auto from = [&](std::size_t first) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (!begins_with(lines[i], first + i)) return false;
    }
    return lines.size() > 1;
  };
  return from(0) || from(1);
}

/// **Throws** `DataError` for a file whose lines hold more than names, so that prompts would hold that too.
inline void expect_names_only(const std::vector<std::string>& lines, const std::string& file) {
  const std::string& first = lines.front();
  const char* expected = "; expected text with one class name per line and nothing else";
  mao::require<mao::DataError>(first.front() != '[' && first.front() != '{', file, " begins with '", first.front(),
                               "', as JSON does", expected);
  for (const std::string& line : lines) {
    mao::require<mao::DataError>(line.find('\t') == std::string::npos, file, ": '", mao::printable(line),
                                 "' holds a tab, as a line of a table does", expected);
    mao::require<mao::DataError>(!line.starts_with("# "), file, ": '", mao::printable(line),
                                 "' begins as a comment does, and would be a class", expected);
  }
  const bool table =
      first.starts_with("path,") || first.ends_with(",classname") || first.find(",classname,") != std::string::npos;
  mao::require<mao::DataError>(!table, file, ": the first line ('", mao::printable(first),
                               "') is the header of a table", expected);
  mao::require<mao::DataError>(!are_numbered(lines), file, ": the lines are numbered ('", mao::printable(first),
                               "'), and the numbers would be in the prompts", expected);
  const bool quoted = std::ranges::all_of(lines, [](const std::string& line) { return line.starts_with('"'); });
  mao::require<mao::DataError>(!quoted, file,
                               ": every line begins with a quotation mark, which would be in the prompts", expected);
  mao::require<mao::DataError>(!std::ranges::all_of(lines, begins_with_wnid), file, ": every line begins with an id (",
                               first.substr(0, 9), "), which would be in the prompts", expected);
}

/// One class name a line; empty lines do not count. **Throws** `FileError`, `DataError` for a file without names, or
/// with more than names.
inline mao::ClassList read_class_names(const std::filesystem::path& file) {
  std::error_code no_such_name;
  mao::require<mao::FileError>(std::filesystem::exists(file, no_such_name), "--classes-file ", file.string(),
                               ": no such file");
  mao::ClassList classes;
  for (std::string& line : mao::trimmed_lines(mao::read_utf8_file(file))) {
    if (!line.empty()) classes.names.push_back(std::move(line));
  }
  mao::require<mao::DataError>(!classes.names.empty(), file.string(), " holds no class names; expected one per line");
  expect_names_only(classes.names, file.string());
  return classes;
}

/// A note for classes whose names are all numbers; empty for others.
inline std::string numbers_note(const mao::ClassList& classes) {
  const auto is_number = [](const std::string& name) {
    return name.find_first_not_of("0123456789") == std::string::npos;
  };
  if (classes.names.empty() || !std::ranges::all_of(classes.names, is_number)) return {};
  return mao::text_of("note: the class names are numbers (", mao::printable(classes.names.front()),
                      ", ...), and a prompt needs the word for the class; --classnames FILE gives each class its name");
}

/// `predict --classes a b picture.jpg` would make the picture a class, and `a, b` or `a,b` one with a comma. **Throws**
/// `OptionError`.
inline void expect_plain_name(const std::string& name) {
  mao::require<mao::OptionError>(!name.ends_with(','), "--classes: '", name,
                                 "' ends with a comma, which would be in the prompt; separate names by blanks alone, "
                                 "as in --classes zebra \"red fox\"");
  const std::size_t comma = name.find(',');
  const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const bool list = comma != std::string::npos && comma > 0 && is_letter(name[comma - 1]) && is_letter(name[comma + 1]);
  mao::require<mao::OptionError>(!list, "--classes: '", name, "' would be one class, with a comma in its prompt; ",
                                 "separate names by blanks, as in --classes zebra \"red fox\", or put names with "
                                 "commas into a --classes-file");
  std::error_code no_such_name;
  mao::require<mao::OptionError>(
      !mao::detail::is_image_name(name) || !std::filesystem::is_regular_file(name, no_such_name), "--classes: '", name,
      "' is an image, and would be the name of a class; give "
      "images before --classes, or put the names into a --classes-file");
}

/// The file's names where one is given, those of `--classes` otherwise. **Throws** `OptionError` for an empty name and
/// for two that are one in a prompt.
inline mao::ClassList given_class_names(const std::vector<std::string>& names, const std::string& file) {
  mao::require<mao::OptionError>(names.empty() || file.empty(), "--classes and --classes-file both give class names; ",
                                 "expected one of them");
  const mao::ClassList classes = file.empty() ? mao::ClassList{names} : read_class_names(file);
  if (file.empty()) std::ranges::for_each(names, expect_plain_name);
  const std::string where = file.empty() ? "--classes: " : file + ": ";
  std::map<std::string, std::string> seen;
  for (const std::string& name : classes.names) {
    mao::require<mao::OptionError>(mao::is_utf8(name), where, "class '", mao::escaped(name),
                                   "' is not UTF-8, so no prompt can hold it; expected text in UTF-8");
    const std::string key = mao::prompt_key(name);
    mao::require<mao::OptionError>(!key.empty(), where, "class '", name, "' is empty in a prompt; expected a name");
    const auto [first, is_new] = seen.try_emplace(key, name);
    mao::require<mao::OptionError>(is_new || first->second != name, where, "class '", name,
                                   "' is given twice; expected each once");
    mao::require<mao::OptionError>(is_new, where, "the classes '", first->second, "' and '", name, "' are both '", key,
                                   "' in a prompt; give them different names");
  }
  return classes;
}

}  // namespace mao_program
