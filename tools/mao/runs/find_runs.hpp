// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The run folders at or below given folders.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <mao/core/detail/text_encoding.hpp>
#include <mao/core/error.hpp>

#include "runs/run_record.hpp"

namespace mao {

/// Whether a folder is that of a run: config.json beside results.json or metrics.jsonl.
inline bool is_run_folder(const std::filesystem::path& folder) {
  const auto has = [&](const char* name) { return std::filesystem::exists(folder / name); };
  return has("config.json") && (has("results.json") || has("metrics.jsonl"));
}

namespace detail {

inline void collect_runs(const std::filesystem::path& folder, int depth, std::vector<std::filesystem::path>& found) {
  if (is_run_folder(folder)) {
    found.push_back(folder);
    return;  // runs do not lie within runs
  }
  if (depth == 0) return;
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
    if (entry.is_directory() && entry.path().filename().string().front() != '.') {
      collect_runs(entry.path(), depth - 1, found);
    }
  }
}

/// The folder that `path` is, or that it or its folder would be in.
inline std::filesystem::path place_of(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(path, ignored);
  std::filesystem::path place = folder ? path : path.parent_path();
  if (!folder && !place.empty() && !std::filesystem::is_directory(place, ignored)) place = place.parent_path();
  if (place.empty()) place = path.is_absolute() ? "/" : ".";
  return place;
}

/// `a, b and 7 more`, for people; empty if there is none.
inline std::string some_of(const std::vector<std::filesystem::path>& paths) {
  constexpr std::size_t most = 8;
  std::string list;
  for (std::size_t i = 0; i < std::min(paths.size(), most); ++i) {
    list += (i == 0 ? "" : ", ") + printable(paths[i].lexically_normal().string());
  }
  if (paths.size() > most) list += text_of(" and ", paths.size() - most, " more");
  return list;
}

}  // namespace detail

/// The run folders among `places` and up to six levels below them, each once, sorted within each place.
///
/// **Throws** `FileError` for a place that is not a folder or has no run in it.
inline std::vector<std::filesystem::path> find_run_folders(const std::vector<std::filesystem::path>& places) {
  std::vector<std::filesystem::path> all;
  for (const auto& place : places) {
    if (!std::filesystem::is_directory(place)) {
      std::vector<std::filesystem::path> known;
      detail::collect_runs(detail::place_of(place), 2, known);
      std::ranges::sort(known);
      throw FileError(text_of(place.string(),
                              " is not a folder; expected the folder of a run (`mao tune --out`), or one above several",
                              known.empty() ? "" : "\nThere are: " + detail::some_of(known)));
    }
    std::vector<std::filesystem::path> found;
    detail::collect_runs(std::filesystem::canonical(place), 6, found);
    require<FileError>(!found.empty(), "no run in ", place.string(), " or below; expected a folder that `mao tune ",
                       "--out` made, with config.json beside results.json or metrics.jsonl");
    std::ranges::sort(found);
    for (auto& folder : found) {
      if (std::ranges::find(all, folder) == all.end()) all.push_back(std::move(folder));
    }
  }
  return all;
}

/// Told how many of how many runs are read.
using ReadProgress = std::function<void(std::size_t done, std::size_t total)>;

/// Reads all of them. **Throws** as `find_run_folders` and `read_run` do.
inline std::vector<RunRecord> read_runs(const std::vector<std::filesystem::path>& places,
                                        const ReadProgress& progress = {}) {
  std::vector<RunRecord> runs;
  const auto folders = find_run_folders(places);
  if (progress) progress(0, folders.size());
  for (const auto& folder : folders) {
    runs.push_back(read_run(folder));
    if (progress) progress(runs.size(), folders.size());
  }
  return runs;
}

/// The files of runs that were edited or damaged after mao wrote them.
inline std::vector<std::string> edited_files(const std::vector<RunRecord>& runs) {
  std::vector<std::string> all;
  for (const RunRecord& run : runs) all.insert(all.end(), run.edited.begin(), run.edited.end());
  return all;
}

/// A line for each of them.
inline void print_edited(std::ostream& out, const std::vector<RunRecord>& runs) {
  for (const std::string& file : edited_files(runs)) {
    out << "note: " << escaped(file) << " was edited or damaged after mao wrote it: its checksum is wrong\n";
  }
}

}  // namespace mao
