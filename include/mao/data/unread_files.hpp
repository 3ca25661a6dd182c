// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What lies in a folder data set and is not read: pictures of other kinds, deeper folders, other files.

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

namespace mao {

/// How many files are not read, by kind (`.gif`, `without a suffix`, `in deeper folders`) and class folder.
struct UnreadFiles {
  std::map<std::string, std::map<std::string, std::size_t>> counts;

  [[nodiscard]] std::size_t total() const;
  [[nodiscard]] std::string description() const;
};

namespace detail {

std::string kind_of_file(const std::filesystem::path& path);

}  // namespace detail

/// Looks through a folder as `read_folder` reads it. Hidden files do not count.
UnreadFiles unread_files(const std::filesystem::path& root);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/unread_files.ipp>
#endif
