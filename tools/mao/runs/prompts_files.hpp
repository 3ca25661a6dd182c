// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which prompts files are there, for whoever names another one.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>

namespace mao {

/// The *.prompts.safetensors files in a folder and in the folders in it, by path.
inline std::vector<std::filesystem::path> prompts_files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  const auto add = [&](const std::filesystem::directory_entry& entry) {
    std::error_code gone;
    if (entry.path().filename().string().ends_with(".prompts.safetensors") && entry.is_regular_file(gone)) {
      files.push_back(entry.path());
    }
  };
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
    add(entry);
    std::error_code no_folder;
    if (entry.is_symlink(no_folder) || !entry.is_directory(no_folder)) continue;
    for (const auto& below : std::filesystem::directory_iterator(entry.path(), no_folder)) add(below);
  }
  std::ranges::sort(files);
  return files;
}

/// **Throws** `FileError` that lists the prompts files that are there, in the folder that `path` is, or the nearest
/// one above it that exists, when `path` is not a file.
inline void expect_prompts_file(const std::filesystem::path& path) {
  constexpr std::size_t most = 8;
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_directory(path, ignored)) return;
  const bool folder = std::filesystem::is_directory(path, ignored);
  std::filesystem::path place = folder ? path : path.parent_path();
  if (!folder && !place.empty() && !std::filesystem::is_directory(place, ignored)) place = place.parent_path();
  if (place.empty()) place = path.is_absolute() ? "/" : ".";
  const auto files = prompts_files_in(place);
  std::string list;
  for (std::size_t i = 0; i < std::min(files.size(), most); ++i) {
    list += (i == 0 ? "" : ", ") + printable(files[i].lexically_normal().string());
  }
  if (files.size() > most) list += text_of(" and ", files.size() - most, " more");
  const bool joined = path.filename() == "joined.prompts.safetensors";
  throw FileError(text_of(
      printable(path.string()), folder ? " is a folder, expected a prompts file" : ": there is no such prompts file",
      joined ? ", which only --recipe all-classes makes; " : "; ",
      list.empty() ? "there is none in " + printable(place.string()) + " or the folders in it" : "there are: " + list));
}

}  // namespace mao
