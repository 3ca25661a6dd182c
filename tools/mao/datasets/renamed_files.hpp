// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Guesses which file beside a missing one is the missing one under another name.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <mao/data/folder.hpp>

namespace mao {

namespace detail {

/// How many characters have to be put in, taken out or changed.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// The names of one folder: those missing, and those there that nothing lists.
struct FolderNames {
  std::vector<std::string> missing;
  std::vector<std::string> unlisted;
};

/// Pairs missing names with unlisted ones, the most alike first: a lone pair, and names of which two thirds agree. So
/// many names that comparing all of them would take long are left alone.
inline std::map<std::string, std::string> renamed_in(const FolderNames& names) {
  if (names.missing.size() == 1 && names.unlisted.size() == 1) return {{names.missing[0], names.unlisted[0]}};
  constexpr std::size_t most_comparisons = 200'000;
  std::map<std::string, std::string> pairs;
  if (names.missing.size() * names.unlisted.size() > most_comparisons) return pairs;
  std::vector<std::tuple<std::size_t, std::string, std::string>> likely;
  for (const std::string& missing : names.missing) {
    for (const std::string& unlisted : names.unlisted) {
      const std::size_t distance = edit_distance(missing, unlisted);
      if (3 * distance <= missing.size()) likely.emplace_back(distance, missing, unlisted);
    }
  }
  std::ranges::sort(likely);
  std::set<std::string> taken;
  for (const auto& [distance, missing, unlisted] : likely) {
    if (!pairs.contains(missing) && taken.insert(unlisted).second) pairs[missing] = unlisted;
  }
  return pairs;
}

}  // namespace detail

/// For missing files the likely new names: images in the same folder that are not `listed`. All paths are relative to
/// `root`; the result maps a missing path to the path that is there. A guess, and only for folders that are there.
inline std::map<std::string, std::string> renamed_files(const std::filesystem::path& root,
                                                        const std::vector<std::string>& missing,
                                                        const std::set<std::string>& listed) {
  std::map<std::string, detail::FolderNames> folders;
  for (const std::string& path : missing) {
    const std::filesystem::path place(path);
    folders[place.parent_path().generic_string()].missing.push_back(place.filename().string());
  }
  std::map<std::string, std::string> result;
  for (auto& [folder, names] : folders) {
    if (!std::filesystem::is_directory(root / folder)) continue;
    const std::string prefix = folder.empty() ? "" : folder + "/";
    for (std::string& name : detail::names_in(root / folder, false)) {
      if (!listed.contains(prefix + name)) names.unlisted.push_back(std::move(name));
    }
    for (const auto& [old_name, new_name] : detail::renamed_in(names)) {
      result[prefix + old_name] = prefix + new_name;
    }
  }
  return result;
}

}  // namespace mao
