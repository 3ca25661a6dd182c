// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Files in a folder of images that are not read: other image formats, files in deeper folders, other files.

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

namespace mao {

/// The number of files that are not read, by kind (`.gif`, `without a suffix`, `in deeper folders`) and class folder.
struct UnreadFiles {
  std::map<std::string, std::map<std::string, std::size_t>> counts;

  [[nodiscard]] std::size_t total() const;
  [[nodiscard]] std::string description() const;
};

namespace detail {

std::string kind_of_file(const std::filesystem::path& path);

}  // namespace detail

/// Searches a folder in the same way as `read_folder`. Hidden files do not count.
UnreadFiles unread_files(const std::filesystem::path& root);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/unread_files.ipp>
#endif
