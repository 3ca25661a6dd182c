// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What sweeps and `--config` files are written in: TOML (toml++), of which sections, dotted names, text, numbers,
/// booleans and lists have a meaning here. Every value stays the text it was written as.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mao_program {

/// `name = value` or `name = [value, value]`; `set.depth` is the name as written, without quotes and spaces.
struct TomlEntry {
  std::string name;
  std::vector<std::string> values;
  bool is_list = false;
  int line = 0;
};

/// The lines below `[name]`; the first section of a file has no name.
struct TomlSection {
  std::string name;
  int line = 0;
  std::vector<TomlEntry> entries;
};

/// Sections and entries in the order of the text. **Throws** `FormatError` naming file and line, what stands there and
/// what was expected.
std::vector<TomlSection> parse_toml(std::string_view text, const std::string& file);

/// **Throws** as `parse_toml`; `FileError` when it cannot be read.
std::vector<TomlSection> read_toml(const std::filesystem::path& file);

}  // namespace mao_program
