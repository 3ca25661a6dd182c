// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which prompts files and runs are there, for whoever names another one.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>

#include "runs/find_runs.hpp"

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

/// **Throws** `FileError` that lists the runs and prompts files near `path`, if nothing is there.
inline void expect_run_or_prompts_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return;
  const std::filesystem::path place = detail::place_of(path);
  std::vector<std::filesystem::path> known;
  detail::collect_runs(place, 2, known);
  std::ranges::sort(known);
  for (auto& file : prompts_files_in(place)) known.push_back(std::move(file));
  const std::string list = detail::some_of(known);
  throw FileError(text_of(printable(path.string()), ": there is no such run folder or prompts file; ",
                          list.empty() ? text_of("there is none in ", printable(place.string()),
                                                 " or the folders in it; `mao tune --out RUN` makes a run")
                                       : "there are: " + list));
}

/// **Throws** `FileError` that lists the prompts files that are there, in the folder that `path` is, or the nearest
/// one above it that exists, when `path` is not a file.
inline void expect_prompts_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_directory(path, ignored)) return;
  const bool folder = std::filesystem::is_directory(path, ignored);
  const std::filesystem::path place = detail::place_of(path);
  const std::string list = detail::some_of(prompts_files_in(place));
  const bool joined = path.filename() == "joined.prompts.safetensors";
  throw FileError(text_of(
      printable(path.string()), folder ? " is a folder, expected a prompts file" : ": there is no such prompts file",
      joined ? ", which only --recipe all-classes makes; " : "; ",
      list.empty() ? "there is none in " + printable(place.string()) + " or the folders in it" : "there are: " + list));
}

}  // namespace mao
